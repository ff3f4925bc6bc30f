import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** A command that prints an ExecCredential, as cloud providers' kubeconfigs have them. */
const execSchema = z.object({
  apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
  installHint: z.string().nullish(),
});

const clusterSchema = z.object({
  server: z.url(),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
  'proxy-url': z.url().optional(),
});

const userSchema = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  exec: execSchema.optional(),
  // Removed from Kubernetes in 1.26: its users have an exec plug-in by now.
  'auth-provider': z
    .unknown()
    .optional()
    .refine((value) => value === undefined, 'auth-provider is no longer supported by Kubernetes; use an exec plug-in'),
});

const named = <Value extends z.ZodType, Key extends string>(key: Key, value: Value) =>
  z.array(z.object({ name: z.string(), [key]: value } as { name: z.ZodString } & Record<Key, Value>)).nullish();

const fileSchema = z.object({
  clusters: named('cluster', clusterSchema),
  users: named('user', userSchema.nullish()),
  contexts: named('context', z.object({ cluster: z.string(), user: z.string().nullish() })),
  'current-context': z.string().nullish(),
});

/** A command of a kubeconfig that gives credentials. */
export type ExecPlugin = z.output<typeof execSchema>;

/** The API server of the current context, and how to authenticate there. All file paths are absolute. */
export interface ClusterAccess {
  readonly server: string;
  /** Certificate authorities as PEM text, or the file they are in; the system's own where both are absent. */
  readonly ca?: string | undefined;
  readonly caFile?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  readonly proxyUrl?: string | undefined;
  readonly user: UserAccess;
}

/** Credentials of a user; files are read anew from time to time, because tokens and certificates are renewed on disk. */
export interface UserAccess {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  /** PEM text. */
  readonly certificate?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly key?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly exec?: ExecPlugin | undefined;
}

/**
 * Reads kubeconfig files as kubectl does: of several with the same name the first counts, paths are relative to their
 * file, the current context is the first that a file names. Throws where a file cannot be read or is not valid.
 */
export function readKubeconfig(files: readonly string[]): ClusterAccess {
  const parsed = files.map((file) => ({ file, config: parseFile(file) }));
  const current = parsed.map(({ config }) => config['current-context']).find(Boolean);
  if (!current) throw new Error('names no current-context');
  const find = <Item>(pick: (config: z.output<typeof fileSchema>) => Item | undefined) => {
    for (const { file, config } of parsed) {
      const item = pick(config);
      if (item !== undefined) return { file, item };
    }
    return undefined;
  };
  const context = find(({ contexts }) => contexts?.find(({ name }) => name === current)?.context);
  if (!context) throw new Error(`its current-context "${current}" is not defined`);
  const { cluster: clusterName, user: userName } = context.item;
  const cluster = find(({ clusters }) => clusters?.find(({ name }) => name === clusterName)?.cluster);
  if (!cluster) throw new Error(`the cluster "${clusterName}" of its current-context is not defined`);
  const user = find(({ users }) => users?.find(({ name }) => name === userName)?.user ?? undefined);
  const isDefined = find(({ users }) => users?.find(({ name }) => name === userName));
  if (userName && !isDefined) throw new Error(`the user "${userName}" of its current-context is not defined`);
  return { ...clusterAccess(cluster), user: user === undefined ? {} : userAccess(user) };
}

function clusterAccess({ file, item }: { file: string; item: z.output<typeof clusterSchema> }) {
  return {
    server: item.server.replace(/\/+$/, ''),
    ca: decoded(item['certificate-authority-data']),
    caFile: absolute(file, item['certificate-authority']),
    insecure: item['insecure-skip-tls-verify'],
    tlsServerName: item['tls-server-name'],
    proxyUrl: item['proxy-url'],
  };
}

function userAccess({ file, item }: { file: string; item: z.output<typeof userSchema> }): UserAccess {
  const { token, username, password, exec } = item;
  return {
    token,
    tokenFile: absolute(file, item.tokenFile),
    certificate: decoded(item['client-certificate-data']),
    certificateFile: absolute(file, item['client-certificate']),
    key: decoded(item['client-key-data']),
    keyFile: absolute(file, item['client-key']),
    username,
    password,
    // A command without a separator is looked up in PATH; any other is relative to its file.
    exec: exec && {
      ...exec,
      command: /[/\\]/.test(exec.command) ? resolve(dirname(file), exec.command) : exec.command,
    },
  };
}

function parseFile(file: string): z.output<typeof fileSchema> {
  const result = fileSchema.safeParse(parse(readFileSync(file, 'utf8')) ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function absolute(file: string, path: string | undefined): string | undefined {
  return path === undefined || path === '' || isAbsolute(path) ? path || undefined : resolve(dirname(file), path);
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined || base64 === '' ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}

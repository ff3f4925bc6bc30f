import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { ClusterAccess, ExecPlugin } from './kubeconfig.ts';

/** Credentials that a plug-in printed. */
export interface ExecCredential {
  readonly token?: string | undefined;
  /** PEM text. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Epoch milliseconds; undefined where they hold until the server refuses them. */
  readonly expiresAt?: number | undefined;
}

const credentialSchema = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
});

const PLUGIN_MS = 30_000;
const run = promisify(execFile);

/** Runs a credential plug-in, which is never asked for input. Rejects with its standard error and the plug-in's installation hint. */
export async function runExecPlugin(plugin: ExecPlugin, access: ClusterAccess): Promise<ExecCredential> {
  const info = {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { interactive: false, ...(plugin.provideClusterInfo && { cluster: clusterInfo(access) }) },
  };
  const variables = [...(plugin.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
  try {
    // env(1) adds these to the environment that the plug-in inherits.
    const assignments = variables.map(({ name, value }) => `${name}=${value}`);
    const command = [...assignments, plugin.command, ...(plugin.args ?? [])];
    const { stdout } = await run('env', command, { timeout: PLUGIN_MS, encoding: 'utf8' });
    const { status } = credentialSchema.parse(JSON.parse(stdout));
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
    return {
      token: token ?? undefined,
      certificate: clientCertificateData ?? undefined,
      key: clientKeyData ?? undefined,
      expiresAt: expirationTimestamp ? Date.parse(expirationTimestamp) : undefined,
    };
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    const texts = [stderr?.trim() || message, plugin.installHint?.trim()].filter(Boolean);
    throw new Error(`the credential plug-in ${plugin.command} failed: ${texts.join(' ')}`, { cause });
  }
}

function clusterInfo({ server, ca, insecure, tlsServerName, proxyUrl }: ClusterAccess) {
  return {
    server,
    ...(ca && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(insecure && { 'insecure-skip-tls-verify': true }),
    ...(tlsServerName && { 'tls-server-name': tlsServerName }),
    ...(proxyUrl && { 'proxy-url': proxyUrl }),
  };
}

import { readFile } from 'node:fs/promises';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { type Clock, systemClock } from '../clock.ts';
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts';
import type { ClusterAccess, UserAccess } from './kubeconfig.ts';

/** How requests are authenticated; `none` means as `system:anonymous`. */
export type Authentication = 'none' | 'token' | 'certificate' | 'exec' | 'basic';

/** What one request needs: connections with the right certificates, and headers with the token. */
export interface ApiConnection {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

/** Connections to one API server. */
export interface Connections extends AsyncDisposable {
  readonly server: string;
  readonly authentication: Authentication;
  /** The connection to use now; rejects where a file cannot be read or a plug-in fails. */
  current(): Promise<ApiConnection>;
  /** Makes the next {@link current} read all credentials anew; false where there are none that could change. */
  renew(): boolean;
}

/** Tokens of service accounts and client certificates are renewed on disk; what was read is used for this long. */
const FILES_MS = 60_000;
/** A plug-in's credentials are replaced this long before they expire. */
const EXPIRY_MARGIN_MS = 10_000;

interface Material {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Opens connections with the credentials of a kubeconfig or a service account. Nothing is read or sent yet. */
export function openConnections(access: ClusterAccess, clock: Clock = systemClock): Connections {
  let loading: { readonly material: Promise<Material>; readonly until: number } | undefined;
  let agent: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;
  let exec: ExecCredential | undefined;
  const plugin = access.user.exec;
  const credential = async () => {
    if (plugin === undefined) return undefined;
    const isExpired = exec?.expiresAt !== undefined && clock.now() >= exec.expiresAt - EXPIRY_MARGIN_MS;
    if (exec === undefined || isExpired) exec = await runExecPlugin(plugin, access);
    return exec;
  };
  const dispatcherFor = ({ ca, certificate, key }: Material): Dispatcher => {
    const identity = JSON.stringify([ca, certificate, key]);
    if (agent?.key === identity) return agent.dispatcher;
    // Requests under way finish on the old connections.
    agent?.dispatcher.close().catch(() => undefined);
    agent = { key: identity, dispatcher: createDispatcher(access, { ca, certificate, key }) };
    return agent.dispatcher;
  };
  return {
    server: access.server,
    authentication: authenticationOf(access.user),
    async current() {
      if (loading === undefined || clock.monotonic() >= loading.until) {
        const material = credential().then((found) => read(access, found));
        loading = { material, until: clock.monotonic() + FILES_MS };
        material.catch(() => {
          loading = undefined;
        });
      }
      const material = await loading.material;
      return { dispatcher: dispatcherFor(material), headers: material.headers };
    },
    renew() {
      loading = undefined;
      exec = undefined;
      return plugin !== undefined || access.user.tokenFile !== undefined || access.user.certificateFile !== undefined;
    },
    async [Symbol.asyncDispose]() {
      await agent?.dispatcher.destroy();
    },
  };
}

function authenticationOf(user: UserAccess): Authentication {
  if (user.exec) return 'exec';
  if (user.token || user.tokenFile) return 'token';
  if (user.certificate || user.certificateFile) return 'certificate';
  return user.username === undefined ? 'none' : 'basic';
}

async function read({ ca, caFile, user }: ClusterAccess, exec: ExecCredential | undefined): Promise<Material> {
  const file = (path: string | undefined) => (path === undefined ? undefined : readFile(path, 'utf8'));
  const [fileCa, certificate, key, token] = await Promise.all(
    [caFile, user.certificateFile, user.keyFile, user.tokenFile].map(file),
  );
  // As in kubectl: the file wins over the text beside it, and a plug-in's credentials are its own.
  const bearer = exec ? exec.token : (token?.trim() ?? user.token);
  const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
  const authorization = bearer ? `Bearer ${bearer}` : user.username === undefined ? undefined : `Basic ${basic}`;
  return {
    ca: ca ?? fileCa,
    certificate: exec?.certificate ?? user.certificate ?? certificate,
    key: exec?.key ?? user.key ?? key,
    headers: authorization === undefined ? {} : { authorization },
  };
}

function createDispatcher(
  { insecure, tlsServerName, proxyUrl }: ClusterAccess,
  { ca, certificate, key }: Pick<Material, 'ca' | 'certificate' | 'key'>,
): Dispatcher {
  const tls = {
    ...(ca && { ca }),
    ...(certificate && { cert: certificate }),
    ...(key && { key }),
    ...(insecure && { rejectUnauthorized: false }),
    ...(tlsServerName && { servername: tlsServerName }),
  };
  // Lists of large clusters have no upper size; the caller pages them.
  return proxyUrl === undefined ? new Agent({ connect: tls }) : new ProxyAgent({ uri: proxyUrl, requestTls: tls });
}

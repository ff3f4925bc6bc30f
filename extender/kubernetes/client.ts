import type { KubeConfig } from '@kubernetes/client-node';
import { fetch } from 'undici';
import { ConfigError } from '../../shared/runtime/config.ts';

/** How a watch ended: by the server or the network, by an error, or because its resource version is too old to resume. */
export type WatchEnd =
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'expired' };

/** One event of a watch. A bookmark carries nothing but the resource version; `OPENED` is ours and carries nothing. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: unknown }
  | { readonly type: 'OPENED' };

/** The little of the Kubernetes API that this program uses: plain JSON in and out, no generated models. */
export interface KubernetesClient {
  /** Address of the API server. */
  readonly server: string;
  /** Sends one request and resolves with the JSON of the answer; rejects with a KubernetesError or the network's fault. */
  request(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: KubernetesBody): Promise<unknown>;
  /** Follows a collection from a resource version on; resolves when the watch has ended, and never rejects. */
  watch(
    path: string,
    query: Readonly<Record<string, string>>,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<WatchEnd>;
}

/** A body to send, by the kind of patch where it is one. */
export interface KubernetesBody {
  readonly type:
    | 'application/json'
    | 'application/merge-patch+json'
    | 'application/strategic-merge-patch+json'
    | 'application/json-patch+json';
  readonly value: unknown;
}

/** An answer of the API server that is no success. */
export class KubernetesError extends Error {
  readonly status: number;
  readonly path: string;
  /** Kubernetes' own word for it, such as `NotFound`, `Conflict`, `Forbidden`; empty when it gave none. */
  readonly reason: string;

  constructor(path: string, status: number, reason: string, message: string) {
    super(`${path}: ${status} ${reason} ${message}`.trim());
    this.name = 'KubernetesError';
    this.status = status;
    this.path = path;
    this.reason = reason;
  }
}

/** Settings that tell where the cluster is. */
export interface KubernetesSettings {
  readonly NODE_WATCH: 'auto' | 'on' | 'off';
  /** Paths of kubeconfig files, separated as in PATH. */
  readonly KUBECONFIG?: string | undefined;
  /** Set by the kubelet in every container; its presence means that we run inside a cluster. */
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
}

const REQUEST_MS = 10_000;
/** Tokens of service accounts are renewed on disk; what was read is used for this long. */
const CREDENTIALS_MS = 60_000;

/**
 * A client for the cluster that the settings name; undefined where there is none (`off`, or `auto` without KUBECONFIG
 * and outside a cluster). `on` also takes ~/.kube/config, and throws a ConfigError when there is no cluster at all.
 */
export async function connectKubernetes(settings: KubernetesSettings): Promise<KubernetesClient | undefined> {
  const { NODE_WATCH: mode, KUBECONFIG: files, KUBERNETES_SERVICE_HOST: host } = settings;
  if (mode === 'off' || (mode === 'auto' && !files && !host)) return undefined;
  // Loaded only here: it takes half a second and 80 MB, and a machine without a cluster has no use for it.
  const library = await import('@kubernetes/client-node');
  const config = new library.KubeConfig();
  try {
    if (files) loadFiles(config, files.split(':').filter(Boolean), () => new library.KubeConfig());
    else if (host) config.loadFromCluster();
    else config.loadFromDefault();
  } catch (error) {
    throw new ConfigError('kubernetes', [`KUBECONFIG: ${(error as Error).message}`]);
  }
  if (config.getCurrentCluster() === null) throw new ConfigError('kubernetes', ['KUBECONFIG: names no cluster']);
  return createClient(config, library);
}

function loadFiles(config: KubeConfig, files: readonly string[], empty: () => KubeConfig): void {
  const [first = '', ...others] = files;
  config.loadFromFile(first);
  for (const file of others) {
    const other = empty();
    other.loadFromFile(file);
    config.mergeConfig(other);
  }
}

function createClient(config: KubeConfig, library: typeof import('@kubernetes/client-node')): KubernetesClient {
  const server = config.getCurrentCluster()?.server ?? '';
  const credentials = createCredentials(config, library);
  return {
    server,
    async request(method, path, body) {
      const context = await credentials();
      const response = await fetch(`${server}${path}`, {
        method,
        headers: { ...context.getHeaders(), Accept: 'application/json', ...(body && { 'Content-Type': body.type }) },
        ...(body && { body: JSON.stringify(body.value) }),
        ...(context.getDispatcher() && { dispatcher: context.getDispatcher() as never }),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const text = await response.text();
      if (response.ok) return text === '' ? undefined : JSON.parse(text);
      throw failureOf(path, response.status, text);
    },
    watch: (path, query, onEvent, signal) => follow(new library.Watch(config), path, query, onEvent, signal),
  };
}

function createCredentials(config: KubeConfig, library: typeof import('@kubernetes/client-node')) {
  let kept: { readonly context: InstanceType<typeof library.RequestContext>; readonly until: number } | undefined;
  return async () => {
    if (kept !== undefined && performance.now() < kept.until) return kept.context;
    const context = new library.RequestContext(config.getCurrentCluster()?.server ?? '', library.HttpMethod.GET);
    await config.applySecurityAuthentication(context);
    kept = { context, until: performance.now() + CREDENTIALS_MS };
    return context;
  };
}

function failureOf(path: string, status: number, text: string): KubernetesError {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    return new KubernetesError(path, status, String(reason ?? ''), String(message ?? ''));
  } catch {
    return new KubernetesError(path, status, '', text.slice(0, 200));
  }
}

/**
 * One watch of the library's, without its own ListWatch: that keeps every object whole, and its restarts reject where
 * nobody listens, which would end a process that every pod of the cluster waits for.
 */
function follow(
  watch: InstanceType<typeof import('@kubernetes/client-node').Watch>,
  path: string,
  query: Readonly<Record<string, string>>,
  onEvent: (event: WatchEvent) => void,
  signal: AbortSignal,
): Promise<WatchEnd> {
  return new Promise((resolve) => {
    let expired = false;
    let ended = false;
    const end = (error: unknown) => {
      ended = true;
      const { statusCode, name } = (error ?? {}) as { statusCode?: number; name?: string };
      if (expired || statusCode === 410) resolve({ kind: 'expired' });
      else resolve(error == null || name === 'TimeoutError' ? { kind: 'closed' } : { kind: 'failed', error });
    };
    const see = (type: string, object: { code?: number }) => {
      if (type === 'ERROR') expired ||= object.code === 410;
      else if (!signal.aborted) onEvent({ type: type as 'ADDED', object });
    };
    signal.addEventListener('abort', () => resolve({ kind: 'closed' }), { once: true });
    watch.watch(path, { ...query }, see, end).then((controller) => {
      if (signal.aborted) return controller.abort();
      if (!ended) onEvent({ type: 'OPENED' });
      signal.addEventListener('abort', () => controller.abort(), { once: true });
    }, end);
  });
}

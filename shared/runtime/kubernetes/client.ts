import { type Dispatcher, request as send } from 'undici';
import type { ApiConnection, Authentication, Connections } from './connection.ts';
import { errorOf } from './kubernetes-error.ts';
import { type EventHandler, followWatch, type WatchEnd } from './watch-stream.ts';

/** The part of the Kubernetes API that our programs use: plain JSON in and out, no generated models. */
export interface KubernetesClient extends AsyncDisposable {
  /** Address of the API server. */
  readonly server: string;
  readonly authentication: Authentication;
  /** Paths of the collections whose watch does not run at present, each with the reason. Kept by those who watch. */
  readonly failingWatches: Map<string, string>;
  /** Sends one request and resolves with the JSON of the response; rejects with a KubernetesError or the network's error. */
  request(method: KubernetesMethod, path: string, body?: KubernetesBody, accept?: string): Promise<unknown>;
  /** Follows a collection from a resource version on; resolves when the watch has ended, and never rejects. */
  watch(
    path: string,
    query: Readonly<Record<string, string>>,
    onEvent: EventHandler,
    signal: AbortSignal,
  ): Promise<WatchEnd>;
}

/** HTTP methods of the Kubernetes API. */
export type KubernetesMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A body to send; for a PATCH its type says which kind of patch it is. */
export interface KubernetesBody {
  readonly type:
    | 'application/json'
    | 'application/merge-patch+json'
    | 'application/strategic-merge-patch+json'
    | 'application/json-patch+json';
  readonly value: unknown;
}

const REQUEST_MS = 10_000;
/** The server is asked to end a watch after this; one that is silent for longer is dead, and no TCP stack would notice. */
const WATCH_SECONDS = 300;
const WATCH_GRACE_MS = 30_000;

/** Creates a client over connections that know the server and its credentials. */
export function createClient(connections: Connections): KubernetesClient {
  const { server, authentication } = connections;
  const headersOf = ({ headers }: ApiConnection, accept: string, body?: KubernetesBody) => ({
    ...headers,
    accept,
    ...(body && { 'content-type': body.type }),
  });
  const attempt = async (
    method: KubernetesMethod,
    path: string,
    body?: KubernetesBody,
    accept = 'application/json',
  ) => {
    const connection = await connections.current();
    const response = await send(`${server}${path}`, {
      method,
      dispatcher: connection.dispatcher,
      headers: headersOf(connection, accept, body),
      ...(body && { body: JSON.stringify(body.value) }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    return { status: response.statusCode, text: await response.body.text() };
  };
  return {
    server,
    authentication,
    failingWatches: new Map(),
    async request(method, path, body, accept) {
      let { status, text } = await attempt(method, path, body, accept);
      // A token that was revoked or replaced before its time: read the credentials anew, once.
      if (status === 401 && connections.renew()) ({ status, text } = await attempt(method, path, body, accept));
      if (status >= 200 && status < 300) return text === '' ? undefined : JSON.parse(text);
      throw errorOf(path, status, text);
    },
    async watch(path, query, onEvent, signal) {
      let response: Dispatcher.ResponseData;
      try {
        const connection = await connections.current();
        const search = new URLSearchParams({ ...query, watch: 'true', timeoutSeconds: String(WATCH_SECONDS) });
        response = await send(`${server}${path}?${search}`, {
          dispatcher: connection.dispatcher,
          headers: headersOf(connection, 'application/json'),
          headersTimeout: REQUEST_MS,
          bodyTimeout: WATCH_SECONDS * 1_000 + WATCH_GRACE_MS,
          signal,
        });
      } catch (error) {
        return signal.aborted ? { kind: 'closed' } : { kind: 'failed', error };
      }
      if (response.statusCode === 401) connections.renew();
      return followWatch(path, response, onEvent, signal);
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

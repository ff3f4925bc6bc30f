import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyOf, send, sendStatus, targetOf } from '../../cli/demo/cluster-http.ts';
import { conflictOf, type ObjectSelector, objectSelector, strategicMerge } from '../../cli/demo/cluster-rules.ts';

/** An object of the Kubernetes API, as JSON. */
export interface KubeObject {
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    annotations?: Record<string, string> | null;
    labels?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; uid?: string; controller: boolean }[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: foreign JSON of any kind
  [field: string]: any;
}

/** A double of the API server over real HTTP: lists, watches, patches, Events and Leases, and the ways in which they fail. */
export interface KubernetesDouble extends AsyncDisposable {
  readonly url: string;
  /** Puts an object in as another client would; returns it as stored. */
  create(collection: string, object: KubeObject): KubeObject;
  update(collection: string, object: KubeObject): KubeObject;
  remove(collection: string, key: string): void;
  get(collection: string, key: string): KubeObject | undefined;
  all(collection: string): KubeObject[];
  /** Ends every open watch in the middle, as a proxy would. */
  dropWatches(): void;
  /** Forgets the history of changes: a watch from an older version gets 410 Gone. */
  compact(): void;
  /** API groups beside those that every cluster has, with their version and plurals; every other group is 404. */
  readonly groups: Map<string, { version: string; plurals: readonly string[] }>;
  /** While set, every request fails with this status; 0 cuts the connection. */
  failWith: number | undefined;
  /** `METHOD path` of every request so far. */
  readonly requests: string[];
}

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  readonly before: KubeObject | undefined;
}

interface Watch {
  readonly collection: string;
  readonly selector: ObjectSelector;
  readonly response: ServerResponse;
}

/** Starts the double on a free port of the loopback. */
export async function startKubernetes(now: () => number = () => Date.now()): Promise<KubernetesDouble> {
  const collections = new Map<string, Map<string, KubeObject>>();
  const watches = new Set<Watch>();
  let history: Change[] = [];
  let oldest = 0;
  let version = 100;
  const of = (collection: string) => {
    const known = collections.get(collection) ?? new Map<string, KubeObject>();
    collections.set(collection, known);
    return known;
  };
  const tell = (watch: Watch, change: Change) => {
    if (watch.collection !== change.collection) return;
    const was = change.before !== undefined && watch.selector(change.before);
    const is = change.type !== 'DELETED' && watch.selector(change.object);
    const type = is ? (was ? 'MODIFIED' : 'ADDED') : was ? 'DELETED' : undefined;
    if (type) watch.response.write(`${JSON.stringify({ type, object: change.object })}\n`);
  };
  const put = (collection: string, object: KubeObject, type: Change['type']): KubeObject => {
    version += 1;
    const key = keyOf(object);
    const before = of(collection).get(key);
    const stored: KubeObject = structuredClone(object);
    stored.metadata.resourceVersion = String(version);
    stored.metadata.uid ??= crypto.randomUUID();
    stored.metadata.creationTimestamp ??= `${new Date(now()).toISOString().slice(0, 19)}Z`;
    if (type === 'DELETED') of(collection).delete(key);
    else of(collection).set(key, stored);
    const change = { version, collection, type, object: stored, before };
    history.push(change);
    for (const watch of watches) tell(watch, change);
    return stored;
  };
  const double = {
    requests: [] as string[],
    groups: new Map<string, { version: string; plurals: readonly string[] }>(),
    failWith: undefined as number | undefined,
    create: (collection: string, object: KubeObject) => put(collection, object, 'ADDED'),
    update: (collection: string, object: KubeObject) => put(collection, object, 'MODIFIED'),
    remove(collection: string, key: string) {
      const found = of(collection).get(key);
      if (found) put(collection, found, 'DELETED');
    },
    get: (collection: string, key: string) => of(collection).get(key),
    all: (collection: string) => [...of(collection).values()],
    dropWatches() {
      for (const { response } of watches) response.destroy();
      watches.clear();
    },
    compact() {
      history = [];
      oldest = version;
    },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://double');
    double.requests.push(`${request.method} ${url.pathname}`);
    if (double.failWith === 0) return request.socket.destroy();
    if (double.failWith !== undefined)
      return sendStatus(response, double.failWith, 'ServiceUnavailable', 'out of order');
    const discovered = /^\/apis\/([^/]+)(\/[^/]+)?$/.exec(url.pathname);
    if (discovered) return discover(response, discovered[1] ?? '', discovered[2] !== undefined);
    const { collection, namespace, name } = targetOf(url.pathname);
    const key = namespace === undefined ? (name ?? '') : `${namespace}/${name}`;
    const selector = objectSelector(url.searchParams.get('fieldSelector') ?? '', namespace);
    if (request.method === 'GET' && name === undefined) {
      if (url.searchParams.has('watch')) return watch(response, collection, selector, url.searchParams);
      return list(response, collection, selector, url.searchParams);
    }
    const found = name === undefined ? undefined : of(collection).get(key);
    if (request.method === 'GET')
      return found
        ? send(response, 200, found)
        : sendStatus(response, 404, 'NotFound', `${collection} "${name}" not found`);
    const body = JSON.parse(await bodyOf(request));
    if (request.method === 'POST') {
      if (of(collection).has(`${namespace}/${body.metadata.name}`))
        return sendStatus(response, 409, 'AlreadyExists', 'it is there already');
      body.metadata.namespace ??= namespace;
      return send(response, 201, put(collection, body, 'ADDED'));
    }
    if (!found) return sendStatus(response, 404, 'NotFound', `${collection} "${name}" not found`);
    const conflict = conflictOf(body, found);
    if (conflict) return sendStatus(response, 409, 'Conflict', conflict);
    if (request.method === 'PUT') return send(response, 200, put(collection, body, 'MODIFIED'));
    if (request.method !== 'PATCH') return sendStatus(response, 405, 'MethodNotAllowed', String(request.method));
    const isMerge = request.headers['content-type'] === 'application/merge-patch+json';
    if (!isMerge && request.headers['content-type'] !== 'application/strategic-merge-patch+json')
      return sendStatus(response, 415, 'UnsupportedMediaType', 'only merge patches are known here');
    return send(response, 200, put(collection, strategicMerge(found, body) as KubeObject, 'MODIFIED'));
  };
  const discover = (response: ServerResponse, group: string, resources: boolean) => {
    const known = double.groups.get(group);
    if (!known) return sendStatus(response, 404, 'NotFound', 'the server could not find the requested resource');
    const groupVersion = `${group}/${known.version}`;
    if (resources) return send(response, 200, { groupVersion, resources: known.plurals.map((name) => ({ name })) });
    return send(response, 200, { name: group, preferredVersion: { groupVersion, version: known.version } });
  };
  const list = (response: ServerResponse, collection: string, selector: ObjectSelector, query: URLSearchParams) => {
    const all = [...of(collection).values()].filter(selector);
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? 0) || all.length;
    const items = all.slice(from, from + limit);
    const rest = from + limit < all.length ? { continue: String(from + limit) } : {};
    send(response, 200, { kind: 'List', metadata: { resourceVersion: String(version), ...rest }, items });
  };
  const watch = (response: ServerResponse, collection: string, selector: ObjectSelector, query: URLSearchParams) => {
    const from = Number(query.get('resourceVersion') ?? 0);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    if (from < oldest) {
      const object = {
        kind: 'Status',
        status: 'Failure',
        reason: 'Expired',
        code: 410,
        message: 'too old resource version',
      };
      return response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    }
    response.flushHeaders();
    const opened: Watch = { collection, selector, response };
    for (const change of history) if (change.version > from) tell(opened, change);
    watches.add(opened);
    response.once('close', () => watches.delete(opened));
    return undefined;
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => sendStatus(response, 500, 'InternalError', String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(double, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      double.dropWatches();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
}

/** An API server of Kubernetes that holds one collection, and misbehaves like a real one when it is told to. */
export interface KubernetesApiDouble extends AsyncDisposable {
  readonly url: string;
  /** Requests so far: method and path with query. */
  readonly requests: string[];
  readonly posted: { readonly path: string; readonly body: Record<string, unknown> }[];
  put(object: StoredObject): void;
  remove(name: string): void;
  /** Ends every open watch, as a server that restarts or a proxy that loses patience. */
  dropWatches(): void;
  /** Forgets the history: watches from an older resource version are answered 410. */
  compact(): void;
  /** Answers everything with this status until it is set back to 200. */
  status: number;
}

/** Starts the double. Lists are paged by `limit` and `continue`; watches replay what came after their resource version. */
export async function startKubernetesApi(): Promise<KubernetesApiDouble> {
  const objects = new Map<string, StoredObject>();
  const history: { readonly version: number; readonly line: string }[] = [];
  const watches = new Set<ServerResponse>();
  let version = 1;
  let oldest = 0;
  const emit = (type: string, object: StoredObject) => {
    const line = `${JSON.stringify({ type, object })}\n`;
    history.push({ version, line });
    for (const watch of watches) watch.write(line);
  };
  const stamped = (object: StoredObject): StoredObject => {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  };
  const list = (url: URL, response: ServerResponse) => {
    const all = [...objects.values()];
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = from + Number(url.searchParams.get('limit') ?? all.length);
    const metadata = { resourceVersion: String(version), ...(to < all.length && { continue: String(to) }) };
    response.end(JSON.stringify({ metadata, items: all.slice(from, to) }));
  };
  const watch = (url: URL, response: ServerResponse) => {
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < oldest) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })}\n`);
      return;
    }
    response.flushHeaders();
    for (const event of history) if (event.version > from) response.write(event.line);
    watches.add(response);
    response.once('close', () => watches.delete(response));
  };
  const double = {
    requests: [] as string[],
    posted: [] as { path: string; body: Record<string, unknown> }[],
    status: 200,
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    double.requests.push(`${request.method} ${request.url}`);
    response.setHeader('Content-Type', 'application/json');
    if (double.status !== 200) {
      response.statusCode = double.status;
      response.end(JSON.stringify({ kind: 'Status', reason: 'Broken', message: 'as the test asked' }));
    } else if (request.method === 'POST') {
      const body = (await bodyOf(request)) as Record<string, unknown>;
      double.posted.push({ path: url.pathname, body });
      response.writeHead(201).end('{}');
    } else if (url.searchParams.get('watch') === 'true') watch(url, response);
    else list(url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(double, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put(object: StoredObject) {
      const { name } = object.metadata;
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
      objects.set(name, stamped(object));
      emit(type, objects.get(name) as StoredObject);
    },
    remove(name: string) {
      const object = stamped(objects.get(name) as StoredObject);
      objects.delete(name);
      emit('DELETED', object);
    },
    dropWatches() {
      for (const open of watches) open.destroy();
    },
    compact() {
      history.length = 0;
      oldest = version;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** A kubeconfig (JSON, which is YAML) that reaches the double. */
export function kubeconfigFor(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'double', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'tester', user: { token: 'a-token' } }],
    contexts: [{ name: 'double', context: { cluster: 'double', user: 'tester' } }],
    'current-context': 'double',
  });
}

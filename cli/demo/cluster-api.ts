import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ListeningServer, listen } from '../../shared/runtime/http-server.ts';
import { bodyOf, type PathTarget, send, sendStatus, targetOf } from './cluster-http.ts';
import { type ClusterObjects, type DemoObject, keyOf, type ObjectChange } from './cluster-objects.ts';
import { conflictOf, type ObjectSelector, objectSelector, strategicMerge } from './cluster-rules.ts';

/** Serves a cluster over HTTP as the API server does: list, watch, get, create, replace and strategic merge patch. */
export function startClusterApi(objects: ClusterObjects): Promise<ListeningServer> {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://demo');
    const target = targetOf(url.pathname);
    if (request.method === 'GET' && target.name === undefined) {
      const selector = objectSelector(url.searchParams.get('fieldSelector') ?? '', target.namespace);
      if (url.searchParams.has('watch')) return watch(objects, target, selector, url, response);
      return list(objects, target, selector, url, response);
    }
    if (request.method === 'GET') return get(objects, target, response);
    return write(objects, target, request, response);
  };
  return listen(
    (request, response) => {
      respond(request, response).catch((error) => sendStatus(response, 500, 'InternalError', String(error)));
    },
    { host: '127.0.0.1', port: 0 },
  );
}

function list(
  objects: ClusterObjects,
  target: PathTarget,
  selector: ObjectSelector,
  url: URL,
  response: ServerResponse,
) {
  const all = objects.all(target.collection).filter(selector);
  const from = Number(url.searchParams.get('continue') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 0) || all.length;
  const rest = from + limit < all.length ? { continue: String(from + limit) } : {};
  const metadata = { resourceVersion: String(objects.version), ...rest };
  send(response, 200, { kind: 'List', metadata, items: all.slice(from, from + limit) });
}

function watch(
  objects: ClusterObjects,
  target: PathTarget,
  selector: ObjectSelector,
  url: URL,
  response: ServerResponse,
) {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  const report = (change: ObjectChange): void => {
    if (change.collection !== target.collection) return;
    const was = change.before !== undefined && selector(change.before);
    const is = change.type !== 'DELETED' && selector(change.object);
    const type = is ? (was ? 'MODIFIED' : 'ADDED') : was ? 'DELETED' : undefined;
    if (type !== undefined) response.write(`${JSON.stringify({ type, object: change.object })}\n`);
  };
  for (const change of objects.changesSince(Number(url.searchParams.get('resourceVersion') ?? 0))) report(change);
  const stop = objects.watch(report);
  response.once('close', stop);
}

function get(objects: ClusterObjects, target: PathTarget, response: ServerResponse): void {
  const found = objects.get(target.collection, keyOfTarget(target));
  if (found === undefined)
    return sendStatus(response, 404, 'NotFound', `${target.collection} "${target.name}" not found`);
  send(response, 200, found);
}

async function write(objects: ClusterObjects, target: PathTarget, request: IncomingMessage, response: ServerResponse) {
  const body = JSON.parse(await bodyOf(request)) as DemoObject;
  const { collection, namespace } = target;
  if (request.method === 'POST') {
    const object = { ...body, metadata: { ...(namespace !== undefined && { namespace }), ...body.metadata } };
    if (objects.get(collection, keyOf(object))) return sendStatus(response, 409, 'AlreadyExists', 'it exists already');
    return send(response, 201, objects.put(collection, object));
  }
  const found = objects.get(collection, keyOfTarget(target));
  if (found === undefined) return sendStatus(response, 404, 'NotFound', `${collection} "${target.name}" not found`);
  const conflict = conflictOf(body, found);
  if (conflict !== undefined) return sendStatus(response, 409, 'Conflict', conflict);
  if (request.method === 'PUT') return send(response, 200, objects.put(collection, body));
  if (request.method === 'PATCH')
    return send(response, 200, objects.put(collection, strategicMerge(found, body) as DemoObject));
  return sendStatus(response, 405, 'MethodNotAllowed', String(request.method));
}

function keyOfTarget({ namespace, name = '' }: PathTarget): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

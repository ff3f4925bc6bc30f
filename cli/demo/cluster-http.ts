import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a path of the API names. */
export interface PathTarget {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The target of a path: `/api/v1/namespaces/NS/pods/NAME`, `/api/v1/nodes`, `/apis/GROUP/VERSION/…`. */
export function targetOf(path: string): PathTarget {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  if (rest[0] !== 'namespaces' || rest.length < 3)
    return { collection: rest[0] ?? '', namespace: undefined, name: rest[1] };
  return { collection: rest[2] ?? '', namespace: rest[1], name: rest[3] };
}

/** The body of a request as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** Sends a JSON body. */
export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** Sends an error as Kubernetes does. */
export function sendStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  send(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message });
}

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { answerClientErrors } from './client-error.ts';
import { PROBLEM_TYPE, problemBody } from './problem.ts';

/** A server that listens, with the port that it got. */
export interface ListeningServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Server | TlsServer;
}

/** Open requests get this long to finish when a server stops. */
const DRAIN_MS = 2_000;

/** How long a client may take for its headers, for a request, and between two. kube-scheduler closes idle ones after 90 s. */
export const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 95_000 } as const;

/** Listens on host (`::`: every address, IPv6 and IPv4) and port (0: any free one); rejects when the port is taken. `server` serves TLS. */
export async function listen(
  handler: RequestListener,
  address: { host: string; port: number },
  server: Server | TlsServer = createServer(TIMEOUTS),
): Promise<ListeningServer> {
  server.on('request', handler);
  answerClientErrors(server);
  try {
    await bind(server, address);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // A kernel without IPv6 has no `::`.
    if (address.host !== '::' || !/^(EAFNOSUPPORT|EADDRNOTAVAIL|EINVAL)$/.test(code)) throw error;
    await bind(server, { ...address, host: '0.0.0.0' });
  }
  return { port: (server.address() as AddressInfo).port, server, [Symbol.asyncDispose]: () => closeServer(server) };
}

function bind(server: Server | TlsServer, { port, host }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

/** Whether a process can do its work, and why not. */
export type Readiness =
  | { readonly ready: true; readonly details?: readonly string[] }
  | { readonly ready: false; readonly reason: string };

/** Responds to GET /healthz, /readyz and /metrics; false when the request is for something else. */
export async function answerOperations(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  readiness: () => Readiness,
): Promise<boolean> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const path = pathOf(request);
  if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (path === '/readyz') {
    const state = readiness();
    return sendJson(
      response,
      state.ready ? 200 : 503,
      state.ready
        ? { status: 'ready', ...(state.details?.length && { details: state.details }) }
        : { status: 'not ready', reason: state.reason },
    );
  }
  if (path !== '/metrics') return false;
  const body = await registry.metrics();
  response
    .writeHead(200, { 'Content-Type': registry.contentType, 'Content-Length': Buffer.byteLength(body) })
    .end(body);
  return true;
}

/** The path of a request without its query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** Sends a JSON body with its length. */
export function sendJson(response: ServerResponse, status: number, body: unknown): true {
  return sendText(response, status, JSON.stringify(body), 'application/json');
}

/** Sends a problem (RFC 9457); `error` repeats the detail for clients that know scheduler extenders by that name. */
export function sendProblemDetail(response: ServerResponse, status: number, detail: string): true {
  return sendText(response, status, problemBody(status, detail, { error: detail }), PROBLEM_TYPE);
}

function sendText(response: ServerResponse, status: number, text: string, contentType: string): true {
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': bytes.length }).end(bytes);
  return true;
}

async function closeServer(server: Server | TlsServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(late);
}

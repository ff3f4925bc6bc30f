import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/** Faults that keep a request from being read at all, by node's names for them. */
const FAULTS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The address and headers are longer than the 16 KiB that are taken'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time'],
};

/** Answers requests that cannot be read with a problem (RFC 9457), and closes the connection. */
export function answerClientErrors(server: Server | TlsServer): void {
  const latest = new WeakMap<Socket, ServerResponse>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    latest.set(request.socket, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const response = latest.get(socket);
    // In the middle of another answer a second one would be taken for a part of it.
    const busy = response?.headersSent && !response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || busy) return void socket.destroy();
    socket.end(problem(...(FAULTS[error.code ?? ''] ?? [400, 'The request is not HTTP'])), () => socket.destroy());
  });
}

function problem(status: number, detail: string): string {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  const headers = `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  return `HTTP/1.1 ${status} ${title}\r\n${headers}\r\n\r\n${body}`;
}

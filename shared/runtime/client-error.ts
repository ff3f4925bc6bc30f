import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE, problemBody } from './problem.ts';

/** Why a request could not be read at all, by node's names for it. */
const UNREADABLE: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The address and headers are longer than 16 KiB'],
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
    // In the middle of another response a second one would be taken for a part of it.
    const busy = response?.headersSent && !response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || busy) return void socket.destroy();
    socket.end(rawProblem(...(UNREADABLE[error.code ?? ''] ?? [400, 'The request is not HTTP'])), () =>
      socket.destroy(),
    );
  });
}

function rawProblem(status: number, detail: string): string {
  const body = problemBody(status, detail);
  const headers = `Content-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${headers}\r\n\r\n${body}`;
}

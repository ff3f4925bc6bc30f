import type { IncomingMessage } from 'node:http';

/** The result of reading a request's body. */
export type ReadBody =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'aborted' };

/** Reads a body whole. One that is too large is read to its end and discarded, so that its sender gets the response. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<ReadBody> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else chunks = [];
    });
    request.once('end', () => {
      if (length > maxBytes) return resolve({ kind: 'too-large' });
      const [only] = chunks;
      resolve({ kind: 'body', bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks, length) });
    });
    request.once('error', () => resolve({ kind: 'aborted' }));
    request.once('close', () => resolve({ kind: 'aborted' }));
  });
}

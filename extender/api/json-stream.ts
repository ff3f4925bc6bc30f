import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/** Size up to which pieces are gathered before they are sent, in characters. */
const PIECE = 32_768;

/** Sends `{...head, [name]: [items]}` while the items arrive, no faster than the client reads. */
export async function streamJson(
  response: Response,
  head: object,
  name: string,
  items: AsyncIterable<unknown>,
): Promise<void> {
  response.type('application/json');
  const start = `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(name)}:[`;
  await pipeline(Readable.from(pieces(start, items)), response).catch((error: NodeJS.ErrnoException) => {
    // The client went away: nobody is left to be told.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

async function* pieces(start: string, items: AsyncIterable<unknown>): AsyncIterable<string> {
  let piece = start;
  let separator = '';
  for await (const item of items) {
    piece += separator + JSON.stringify(item);
    separator = ',';
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]}`;
}

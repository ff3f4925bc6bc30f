import express, { type Response } from 'express';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { streamText } from '../../../extender/api/stream.ts';
import { listen } from '../../../shared/runtime/http-server.ts';

const PIECE = 100_000;

/** Runs a stream as the answer of a real server: what the client got, and how the stream ended. */
async function served(items: () => AsyncIterable<string | Buffer>, readAtMost = Infinity) {
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const app = express().get('/', (_request, response: Response) =>
    streamText(response, 'text/plain', items()).then(resolve, resolve),
  );
  await using server = await listen(app, { host: '127.0.0.1', port: 0 });
  const { body } = await request(`http://127.0.0.1:${server.port}/`);
  const got: Buffer[] = [];
  let length = 0;
  let fault: unknown;
  try {
    for await (const piece of body) {
      got.push(piece);
      length += piece.length;
      if (length >= readAtMost) break;
    }
  } catch (error) {
    fault = error;
  }
  return { got: Buffer.concat(got), fault, ended: await ended };
}

describe('streamText', () => {
  it('sends all pieces in order from memory that is used again', async () => {
    async function* counted() {
      const memory = Buffer.alloc(PIECE);
      for (let piece = 0; piece < 120; piece += 1) yield memory.fill(piece);
    }

    const { got, fault, ended } = await served(counted);

    expect([fault, ended, got.length]).toEqual([undefined, undefined, 120 * PIECE]);
    for (let piece = 0; piece < 120; piece += 1)
      expect(got.subarray(piece * PIECE, (piece + 1) * PIECE).every((byte) => byte === piece)).toBe(true);
  });

  it('leaves the rest when the client goes away', async () => {
    let left = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(PIECE);
      } finally {
        left = true;
      }
    }

    const { ended } = await served(endless, 3 * PIECE);

    expect([left, ended]).toEqual([true, undefined]);
  });

  it('breaks the answer off when the items fail, so that nobody takes it for whole', async () => {
    async function* failing() {
      yield Buffer.alloc(PIECE);
      yield 'a text';
      throw new Error('the store is gone');
    }

    const { fault, ended } = await served(failing);

    expect(fault).toBeInstanceOf(Error);
    expect(ended).toEqual(new Error('the store is gone'));
  });
});

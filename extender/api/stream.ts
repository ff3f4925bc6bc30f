import type { Response } from 'express';

/** Longest time for which the event loop is kept from other requests, in milliseconds. */
const TURN_MS = 20;
/**
 * Linux lets a thread that computes go on for some 3 ms, however low its priority, before the one that kube-scheduler
 * waits for gets the core. So an export sleeps for a moment after each piece, once it is longer than other responses are.
 */
const PAUSE_MS = 0.05;
const PIECES_WITHOUT_PAUSE = 50;
/** Never notified: waiting on it is a sleep. */
const asleep = new Int32Array(new SharedArrayBuffer(4));

/** Sends a JSON array while its items arrive as JSON with commas between them, no faster than the client reads. */
export function streamArray(response: Response, items: AsyncIterable<string | Buffer>): Promise<void> {
  return streamText(response, 'application/json', bracketed(items));
}

/**
 * Sends texts or bytes while they arrive, no faster than the client reads and letting other requests in between. The
 * next piece is requested once the one before is written, so that a writer may reuse its memory. When the client
 * disconnects the rest is dropped without an error. Rejects with what the items throw; a response that has begun is
 * cut off.
 */
export async function streamText(
  response: Response,
  type: string,
  items: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  response.type(type);
  let goOn = () => {};
  response.once('close', () => goOn());
  try {
    for await (const piece of pieces(items)) {
      if (response.closed) return;
      await new Promise<void>((resolve) => {
        goOn = resolve;
        response.write(piece, () => resolve());
      });
    }
    response.end();
  } catch (error) {
    // Before the first piece there is still time to say what is wrong.
    if (response.headersSent) response.destroy();
    throw error;
  }
}

async function* bracketed(items: AsyncIterable<string | Buffer>): AsyncIterable<string | Buffer> {
  // Not before the first item is there: until then a failure can still be a problem instead of a broken response.
  let opening = '[';
  for await (const item of items) {
    if (opening !== '') yield opening;
    opening = '';
    yield item;
  }
  yield `${opening}]`;
}

/** The items, with room for other requests and threads between them. */
async function* pieces<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
  let count = 0;
  let since = performance.now();
  for await (const item of items) {
    yield item;
    if (++count > PIECES_WITHOUT_PAUSE) Atomics.wait(asleep, 0, 0, PAUSE_MS);
    if (performance.now() - since < TURN_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

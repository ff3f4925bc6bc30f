import express from 'express';
import { describe, expect, it } from 'vitest';
import { exportsWithin, limitConcurrency } from '../../../extender/api/stream-slots.ts';
import { listen } from '../../../shared/runtime/http-server.ts';

/** A server whose responses end when they are told to. */
async function serving(limit: number, waitMs: number) {
  const open: (() => void)[] = [];
  const app = express().get('/', limitConcurrency(limit, waitMs), (_request, response) => {
    open.push(() => response.end('done'));
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    open,
    get: (signal?: AbortSignal) => fetch(`http://127.0.0.1:${server.port}/`, { signal: signal ?? null }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe('limitConcurrency', () => {
  it('lets the limit through at once and the next one when one of them ends', async () => {
    await using server = await serving(2, 5_000);

    const requests = [server.get(), server.get(), server.get()];
    await expect.poll(() => server.open.length).toBe(2);
    server.open[0]?.();
    await expect.poll(() => server.open.length).toBe(3);
    for (const end of server.open) end();

    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('refuses with Retry-After what waited too long', async () => {
    await using server = await serving(1, 20);
    const first = server.get();
    await expect.poll(() => server.open.length).toBe(1);

    const second = await server.get();

    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await second.json()).toMatchObject({ code: 'EXPORTS_EXHAUSTED' });
    server.open[0]?.();
    expect((await first).status).toBe(200);
  });

  it('forgets a client that left while it waited', async () => {
    await using server = await serving(1, 5_000);
    const first = server.get();
    await expect.poll(() => server.open.length).toBe(1);
    const leaving = new AbortController();
    const left = server.get(leaving.signal).catch(() => 'left');
    await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.abort();
    await left;
    await new Promise((resolve) => setTimeout(resolve, 50));

    server.open[0]?.();
    await first;
    const third = server.get();
    await expect.poll(() => server.open.length).toBe(2);
    server.open[1]?.();

    expect((await third).status).toBe(200);
  });
});

describe('exportsWithin', () => {
  it.each([
    [64, 1],
    [512, 5],
    [4_096, 42],
  ])('a heap of %i MiB has room for %i exports', (heap, exports) => {
    expect(exportsWithin(heap)).toBe(exports);
  });
});

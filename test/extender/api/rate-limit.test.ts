import express from 'express';
import { describe, expect, it } from 'vitest';
import { limitRate } from '../../../extender/api/rate-limit.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { FakeClock } from '../../fake-clock.ts';

async function start(perSecond: number) {
  const clock = new FakeClock(0);
  const app = express().use(limitRate(perSecond, new Set(['/health']), clock));
  app.use((_request, response) => response.json({}));
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  const ask = (path = '/api/containers') => fetch(`http://127.0.0.1:${server.port}${path}`);
  const statuses = async (times: number, path?: string) => {
    const seen: number[] = [];
    for (let n = 0; n < times; n += 1) seen.push((await ask(path)).status);
    return seen;
  };
  return { clock, ask, statuses, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('the limit of requests per second and address', () => {
  it('lets two seconds worth through at once, then refuses with the time to wait', async () => {
    await using api = await start(2);

    const first = await api.statuses(4);
    const refused = await api.ask();

    expect(first).toEqual([200, 200, 200, 200]);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('content-type')).toMatch('application/problem+json');
    expect(await refused.json()).toMatchObject({ status: 429, title: 'Too Many Requests' });
  });

  it('forgives as time goes by, and no more than it allowed at first', async () => {
    await using api = await start(2);
    await api.statuses(6);

    await api.clock.advance(1_000);
    const later = await api.statuses(3);
    await api.clock.advance(3_600_000);
    const muchLater = await api.statuses(5);

    expect(later).toEqual([200, 200, 429]);
    expect(muchLater).toEqual([200, 200, 200, 200, 429]);
  });

  it('does not count what was refused against the client', async () => {
    await using api = await start(1);
    await api.statuses(50);

    await api.clock.advance(1_000);

    expect(await api.statuses(2)).toEqual([200, 429]);
  });

  it('never refuses health', async () => {
    await using api = await start(1);
    await api.statuses(3);

    expect(await api.statuses(20, '/health')).toEqual(Array.from({ length: 20 }, () => 200));
  });
});

import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from '../../../poller/grid/circuit-breaker.ts';
import { createProviderClient } from '../../../poller/grid/provider-client.ts';
import { createRateLimiter } from '../../../poller/grid/rate-limiter.ts';
import { retryAfterMs } from '../../../poller/grid/retry-after.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { startJsonSource } from '../../doubles/json-source.ts';
import { FakeClock } from '../../fake-clock.ts';

describe('createRateLimiter', () => {
  it('never allows more than the limit in any rolling hour, however the requests are spread', () => {
    const steps = fc.array(fc.nat(600_000), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), steps, (perHour, pauses) => {
        const clock = new FakeClock(0);
        const limiter = createRateLimiter(perHour, clock);
        const taken: number[] = [];
        for (const pause of pauses) {
          clock.jump(pause);
          while (limiter.take(false)) taken.push(clock.now());
        }
        for (const [index, at] of taken.entries()) {
          const since = taken.findIndex((time) => time > at - HOUR_MS);
          expect(index - since + 1).toBeLessThanOrEqual(perHour);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('allows nearly all of the limit over a day', () => {
    const clock = new FakeClock(0);
    const limiter = createRateLimiter(40, clock);
    let taken = 0;

    for (let minute = 0; minute < 24 * 60; minute++) {
      while (limiter.take(false)) taken += 1;
      clock.jump(60_000);
    }

    expect(taken).toBeGreaterThan(24 * 40 * 0.7);
  });

  it('keeps half of the bucket from background requests', () => {
    const limiter = createRateLimiter(40, new FakeClock(0));

    let background = 0;
    while (limiter.take(true)) background += 1;
    let needed = 0;
    while (limiter.take(false)) needed += 1;

    expect([background, needed]).toEqual([5, 5]);
  });
});

describe('createCircuitBreaker', () => {
  it('opens after five failures in a row, lets single probes through, and closes when one succeeds', () => {
    const clock = new FakeClock(0);
    const breaker = createCircuitBreaker(clock);
    for (let failure = 0; failure < 5; failure++) breaker.failed();
    const waits = [breaker.retryInMs()];
    clock.jump(30_000);
    waits.push(breaker.retryInMs(), breaker.retryInMs());
    breaker.failed();
    waits.push(breaker.retryInMs());
    clock.jump(60_000);
    waits.push(breaker.retryInMs());
    breaker.succeeded();

    expect(waits).toEqual([30_000, 0, 30_000, 60_000, 0]);
    expect([breaker.retryInMs(), breaker.open]).toEqual([0, false]);
  });

  it('does not open for failures with successes between them', () => {
    const breaker = createCircuitBreaker(new FakeClock(0));

    for (let turn = 0; turn < 50; turn++) turn % 5 === 4 ? breaker.succeeded() : breaker.failed();

    expect(breaker.open).toBe(false);
  });
});

describe('createProviderClient', () => {
  it('never has more requests under way than its concurrency', async () => {
    const double = await startJsonSource({ PT: 120 });
    double.faults.set('*', 'slow');
    const clock = new FakeClock();
    const client = createProviderClient({
      provider: 'json',
      clock,
      timeoutMs: 60_000,
      requestsPerHour: 1000,
      concurrency: 2,
    });
    const stop = new AbortController();
    const send = () => client.fetch({ zone: zone('PT'), url: double.url, signal: stop.signal }).catch(() => 'stopped');

    const responses = Array.from({ length: 6 }, send);
    while (double.requests.length < 2) await wait(10);
    await wait(100);
    const underWay = double.requests.length;
    stop.abort();
    await Promise.all(responses);
    await double[Symbol.asyncDispose]();

    expect(underWay).toBe(2);
    expect(double.requests.length).toBe(2);
  });
});

describe('retryAfterMs', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');

  it.each([
    ['120', 120_000],
    [' 7 ', 7_000],
    ['86400', 900_000],
    ['Thu, 01 Jan 2026 12:01:00 GMT', 60_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %s as %s', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

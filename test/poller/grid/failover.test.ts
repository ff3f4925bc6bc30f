import { describe, expect, it } from 'vitest';
import { createFailover } from '../../../poller/grid/failover.ts';
import { type GridProvider, ProviderError, type ProviderErrorReason } from '../../../poller/grid/provider.ts';
import { yearlyAverage } from '../../../poller/grid/providers/yearly-average.ts';
import type { Quality } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { FakeClock } from '../../fake-clock.ts';

const FR = zone('FR');

/** A live provider that returns what the test sets. */
function live(clock: FakeClock, more: Pick<GridProvider, 'keyless'> = {}) {
  const state: { result: number | ProviderErrorReason; quality: Quality; ageMs: number } = {
    ...{ result: 42, quality: 'measured', ageMs: 0 },
  };
  const provider: GridProvider = {
    name: 'live',
    ...more,
    covers: () => true,
    async latest(requested) {
      const { result } = state;
      if (typeof result === 'string')
        throw new ProviderError({ provider: 'live', zone: requested, reason: result, detail: 'as set' });
      const now = clock.now();
      return {
        zone: requested,
        carbonIntensity: gramsPerKwh(result),
        datetime: now - state.ageMs,
        fetchedAt: now,
        updatedAt: null,
        createdAt: null,
        emissionFactorType: 'lifecycle',
        isEstimated: state.quality !== 'measured',
        estimationMethod: null,
        provider: 'live',
        signal: 'average',
        quality: state.quality,
      };
    },
  };
  return { state, provider };
}

function failoverOf(more: Pick<GridProvider, 'keyless'> = {}) {
  const clock = new FakeClock();
  const { state, provider } = live(clock, more);
  const options = { attempts: 1, backoffMs: 1, longestPauseMs: 1 };
  const failover = createFailover({ providers: [provider, yearlyAverage(clock)], clock, ...options });
  const latest = async () => (await failover.latest(FR, new AbortController().signal)).sample?.provider;
  return { state, failover, latest };
}

describe('a failover that ends in yearly averages', () => {
  it('gives the yearly average of a zone that the live provider does not cover', async () => {
    const { state, latest } = failoverOf();
    state.result = 'not-covered';

    expect(await latest()).toBe('yearly-average');
  });

  it.each<ProviderErrorReason>(['unavailable', 'auth', 'rate-limited', 'malformed', 'no-data'])(
    'gives nothing while a configured provider fails with %s',
    async (reason) => {
      const { state, latest } = failoverOf();
      state.result = reason;

      expect(await latest()).toBeUndefined();
    },
  );

  it('gives the yearly average where a key-less service was never reached', async () => {
    const { state, latest } = failoverOf({ keyless: true });
    state.result = 'unavailable';

    expect(await latest()).toBe('yearly-average');
  });

  it('gives nothing where a key-less service limits us, whether it was reached before or not', async () => {
    const { state, latest } = failoverOf({ keyless: true });
    state.result = 'rate-limited';

    expect(await latest()).toBeUndefined();
  });

  it('gives nothing in an outage of a key-less service that has returned values before', async () => {
    const { state, latest } = failoverOf({ keyless: true });
    await latest();
    state.result = 'unavailable';

    expect(await latest()).toBeUndefined();
  });
});

describe('the age of a value', () => {
  const latestAt = async (quality: Quality, ageHours: number) => {
    const { state, failover } = failoverOf();
    Object.assign(state, { quality, ageMs: ageHours * HOUR_MS });
    return failover.latest(FR, new AbortController().signal);
  };

  it.each([
    ['measured', 3, 'measured'],
    ['measured', 3.01, 'estimated'],
    ['measured', 26, 'estimated'],
    ['estimated', 26, 'estimated'],
    ['forecast', 3, 'forecast'],
  ] as const)('makes of %s of %d hours ago %s', async (quality, ageHours, expected) => {
    const { sample } = await latestAt(quality, ageHours);

    expect([sample?.quality, sample?.isEstimated]).toEqual([expected, expected !== 'measured']);
  });

  it.each([
    ['measured', 26.01],
    ['forecast', 3.01],
  ] as const)('is too great for %s of %d hours ago', async (quality, ageHours) => {
    const { sample, failures } = await latestAt(quality, ageHours);

    expect(sample?.quality).not.toBe(quality);
    expect(failures[0]).toMatchObject({ provider: 'live', reason: 'no-data' });
  });
});

describe('a provider that asks for patience', () => {
  it('is not asked more often than the attempts allow, and waiting is not an attempt', async () => {
    const clock = new FakeClock();
    const results: ('throttled' | 'refused' | 'ok')[] = ['throttled', 'throttled', 'refused', 'throttled', 'ok'];
    clock.sleep = async (ms) => clock.jump(ms);
    const { provider, state } = live(clock);
    const patient: GridProvider = {
      ...provider,
      latest(requested, signal) {
        const result = results.shift() ?? 'ok';
        if (result === 'ok') return provider.latest(requested, signal);
        const facts = { provider: 'live', zone: requested, reason: 'rate-limited', detail: 'wait' } as const;
        const more = { retryAfterMs: 1_000, throttled: result === 'throttled' };
        return Promise.reject(new ProviderError({ ...facts, ...more }));
      },
    };
    const failover = createFailover({
      ...{ providers: [patient], clock },
      ...{ attempts: 2, backoffMs: 1, longestPauseMs: 10_000 },
    });

    const { sample } = await failover.latest(FR, new AbortController().signal);

    expect(sample?.carbonIntensity).toBe(state.result);
  });

  it('is given up after the longest pause', async () => {
    const clock = new FakeClock();
    clock.sleep = async (ms) => clock.jump(ms);
    const startedAt = clock.now();
    const patient: GridProvider = {
      ...live(clock).provider,
      latest: (requested) =>
        Promise.reject(
          new ProviderError({
            ...{ provider: 'live', zone: requested, reason: 'rate-limited', detail: 'wait' },
            ...{ retryAfterMs: 4_000, throttled: true },
          }),
        ),
    };
    const limits = { attempts: 3, backoffMs: 1, longestPauseMs: 10_000 };
    const failover = createFailover({ providers: [patient], clock, ...limits });

    await failover.latest(FR, new AbortController().signal);

    expect(clock.now() - startedAt).toBe(8_000);
  });
});

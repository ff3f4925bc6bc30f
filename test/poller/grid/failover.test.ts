import { describe, expect, it } from 'vitest';
import { createFailover } from '../../../poller/grid/failover.ts';
import { type GridProvider, ProviderError, type ProviderErrorReason } from '../../../poller/grid/provider.ts';
import { yearlyAverage } from '../../../poller/grid/providers/yearly-average.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { FakeClock } from '../../fake-clock.ts';

const FR = zone('FR');

/** A live provider that returns what the test sets. */
function live(clock: FakeClock, more: Pick<GridProvider, 'keyless'> = {}) {
  const state: { result: number | ProviderErrorReason } = { result: 42 };
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
        datetime: now,
        fetchedAt: now,
        updatedAt: null,
        createdAt: null,
        emissionFactorType: 'lifecycle',
        isEstimated: false,
        estimationMethod: null,
        provider: 'live',
        signal: 'average',
        quality: 'measured',
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
  return { state, latest };
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

  it('gives nothing in an outage of a key-less service that has returned values before', async () => {
    const { state, latest } = failoverOf({ keyless: true });
    await latest();
    state.result = 'unavailable';

    expect(await latest()).toBeUndefined();
  });
});

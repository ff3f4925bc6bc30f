import { describe, expect, it } from 'vitest';
import { createFailover } from '../../../poller/grid/failover.ts';
import { type GridProvider, ProviderError, type ProviderErrorReason } from '../../../poller/grid/provider.ts';
import { yearlyAverage } from '../../../poller/grid/providers/yearly-average.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { FakeClock } from '../../fake-clock.ts';

const FR = zone('FR');

/** A live provider that says what the test tells it to say. */
function live(clock: FakeClock, more: Pick<GridProvider, 'keyless'> = {}) {
  const state: { answer: number | ProviderErrorReason } = { answer: 42 };
  const provider: GridProvider = {
    name: 'live',
    ...more,
    covers: () => true,
    async latest(asked) {
      const { answer } = state;
      if (typeof answer === 'string')
        throw new ProviderError({ provider: 'live', zone: asked, fault: answer, detail: 'told so' });
      const now = clock.now();
      return {
        zone: asked,
        carbonIntensity: gramsPerKwh(answer),
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

function chainOf(more: Pick<GridProvider, 'keyless'> = {}) {
  const clock = new FakeClock();
  const { state, provider } = live(clock, more);
  const options = { attempts: 1, backoffMs: 1, longestPauseMs: 1 };
  const chain = createFailover({ providers: [provider, yearlyAverage(clock)], clock, ...options });
  const ask = async () => (await chain.ask(FR, new AbortController().signal)).sample?.provider;
  return { state, ask };
}

describe('a chain that ends in yearly averages', () => {
  it('gives the yearly average of a zone that the live provider does not cover', async () => {
    const { state, ask } = chainOf();
    state.answer = 'not-covered';

    expect(await ask()).toBe('yearly-average');
  });

  it.each<ProviderErrorReason>(['unavailable', 'auth', 'rate-limited', 'malformed', 'no-data'])(
    'gives nothing while a configured provider answers %s',
    async (fault) => {
      const { state, ask } = chainOf();
      state.answer = fault;

      expect(await ask()).toBeUndefined();
    },
  );

  it('gives the yearly average where a key-less service was never reached', async () => {
    const { state, ask } = chainOf({ keyless: true });
    state.answer = 'unavailable';

    expect(await ask()).toBe('yearly-average');
  });

  it('gives nothing in an outage of a key-less service that has answered before', async () => {
    const { state, ask } = chainOf({ keyless: true });
    await ask();
    state.answer = 'unavailable';

    expect(await ask()).toBeUndefined();
  });
});

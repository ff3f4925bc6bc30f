import { beforeEach, describe, expect, it } from 'vitest';
import { zone } from '../../../../shared/grid/zones.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { startProvider } from './start-provider.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

const live = () => new AbortController().signal;
const SE = zone('SE');

describe('carbonAwareSdk', () => {
  it('has the signal that the user sets, whatever place name its source responds with', async () => {
    const more = { CARBON_AWARE_SDK_SIGNAL: 'marginal' };
    await using started = await startProvider('Carbon Aware SDK', clock, { swedencentral: 31 }, more);

    const sample = await started.provider.latest(SE, live());

    expect(sample).toMatchObject({ carbonIntensity: 31, signal: 'marginal', emissionFactorType: 'direct', zone: 'SE' });
  });

  it('reads a series of past hours', async () => {
    await using started = await startProvider('Carbon Aware SDK', clock, { swedencentral: 31 });

    const past = (await started.provider.history?.(SE, live())) ?? [];

    expect(past).toHaveLength(25);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { startProvider } from './start-provider.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

const live = () => new AbortController().signal;
const iso = (time = 0) => new Date(time).toISOString();
const nation = (more = {}) => startProvider('UK Carbon Intensity, nation', clock, { GB: 186, ...more });
const regions = (values: Record<string, number>) => startProvider('UK Carbon Intensity, region', clock, values);

describe('ukCarbonIntensity', () => {
  it('sends one request for all regions, and has their mix', async () => {
    await using started = await regions({ '13': 97, '2': 12 });

    const [london, scotland] = await Promise.all(
      ['GB-13', 'GB-2'].map((code) => started.provider.latest(zone(code), live())),
    );

    expect([london?.carbonIntensity, scotland?.carbonIntensity]).toEqual([97, 12]);
    expect(london?.energyMix).toEqual({ wind: 70, gas: 20.5, other: 9.5 });
    expect(started.double.requests.map(({ path }) => path)).toEqual(['/regional']);
  });

  it('takes 0 with an empty mix for no data, of that region only', async () => {
    await using started = await regions({ '13': 97, '2': 12 });
    started.double.faults.set('13', 'null-value');

    const error = await started.provider.latest(zone('GB-13'), live()).catch((thrown: ProviderError) => thrown);
    const scotland = await started.provider.latest(zone('GB-2'), live());

    expect([(error as ProviderError).reason, scotland.carbonIntensity]).toEqual(['no-data', 12]);
  });

  it('covers the nation and its seventeen regions', async () => {
    await using started = await nation();

    const covered = ['GB', 'GB-1', 'GB-17', 'GB-18', 'GB-0', 'GB-NIR', 'FR'].filter((code) =>
      started.provider.covers(zone(code)),
    );

    expect(covered).toEqual(['GB', 'GB-1', 'GB-17']);
  });

  it('makes hours of half hours, ahead and back', async () => {
    await using started = await nation();

    const ahead = (await started.provider.forecast?.(zone('GB'), live())) ?? [];
    const back = (await started.provider.history?.(zone('GB'), live())) ?? [];

    expect([ahead.length, iso(ahead[0]?.datetime)]).toEqual([48, '2026-01-15T12:00:00.000Z']);
    expect([back.length, iso(back[0]?.datetime)]).toEqual([24, '2026-01-14T12:00:00.000Z']);
  });

  it.each([
    ['GB', nation, 3],
    ['GB-13', () => regions({ '13': 97 }), 3],
  ] as const)('reads the archive of %s in spans of at most fourteen days', async (code, start, requests) => {
    await using started = await start();

    const past = (await started.provider.history?.(zone(code), live(), clock.now() - 28 * 24 * HOUR_MS)) ?? [];

    expect(past.length).toBeGreaterThanOrEqual(28 * 24);
    expect(started.double.requests).toHaveLength(requests);
  });

  it('takes the forecast of now when the feed of measurements has stopped', async () => {
    await using started = await nation();
    const stopped = clock.now();
    started.double.now = () => (started.double.requests.at(-1)?.path === '/intensity' ? stopped : clock.now());
    await clock.advance(10 * HOUR_MS);

    const sample = await started.provider.latest(zone('GB'), live());

    expect(sample.datetime).toBeGreaterThan(clock.now() - HOUR_MS);
  });
});

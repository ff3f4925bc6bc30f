import { beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import type { EnergyChartsDouble } from '../../../doubles/energy-charts.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { startProvider } from './start-provider.ts';

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

const live = () => new AbortController().signal;
const iso = (time = 0) => new Date(time).toISOString();
const start = (values: Record<string, number>, more = {}) =>
  startProvider<EnergyChartsDouble>('Energy-Charts', clock, values, more);

describe('energyCharts', () => {
  it('takes the newest quarter hour that has a value, and forecasts the rest of the local day', async () => {
    await using started = await start({ de: 497.5 });

    const sample = await started.provider.latest(zone('DE'), live());
    const ahead = (await started.provider.forecast?.(zone('DE'), live())) ?? [];

    expect([iso(sample.datetime), sample.quality]).toEqual(['2026-01-15T11:45:00.000Z', 'measured']);
    expect([iso(ahead[0]?.datetime), iso(ahead.at(-1)?.datetime)]).toEqual([
      '2026-01-15T12:00:00.000Z',
      '2026-01-15T22:00:00.000Z',
    ]);
  });

  it('forecasts tomorrow too from the evening on', async () => {
    clock = new FakeClock('2026-01-15T18:40:00Z');
    await using started = await start({ de: 497.5 });

    const ahead = (await started.provider.forecast?.(zone('DE'), live())) ?? [];

    expect(iso(ahead.at(-1)?.datetime)).toBe('2026-01-16T22:00:00.000Z');
  });

  it('covers countries, not their bidding zones', async () => {
    await using started = await start({ it: 250 });

    expect(['IT', 'IT-NO'].map((code) => started.provider.covers(zone(code)))).toEqual([true, false]);
  });

  it('takes the refusal of a country for not covered, and a country without data for no data', async () => {
    await using started = await start({ de: 300 });
    started.double.faults.set('fr', 'not-found');
    const reasonOf = async (code: string) => {
      const failed = started.provider.latest(zone(code), live()).catch((error: ProviderError) => error.reason);
      await clock.advance(10_000);
      return failed;
    };

    expect([await reasonOf('CY'), await reasonOf('FR')]).toEqual(['not-covered', 'no-data']);
  });

  it('reads its archive from a day on, in one request', async () => {
    await using started = await start({ de: 300 });
    const from = clock.now() - 28 * 24 * HOUR_MS;

    const past = (await started.provider.history?.(zone('DE'), live(), from)) ?? [];

    expect(past.length).toBeGreaterThanOrEqual(28 * 24);
    expect(past[0]?.datetime).toBeLessThanOrEqual(from);
    expect(started.double.requests).toHaveLength(1);
  });

  it('sends one request at a time, eight seconds apart, and reuses a value for longer than a poll interval', async () => {
    const countries = ['de', 'fr', 'at', 'ch', 'cz', 'pl', 'nl', 'be', 'dk', 'es'].filter((code) => code !== 'dk');
    await using started = await start(Object.fromEntries(countries.map((code) => [code, 300])));
    started.double.limit = { burst: 2, refillMs: 7_500 };
    const fetchAll = async () => {
      const all = Promise.all(countries.map((code) => started.provider.latest(zone(code.toUpperCase()), live())));
      for (let second = 0; second < 90; second++) await settled(clock, started.double);
      return all;
    };

    const first = await fetchAll();
    await clock.advance(5 * 60_000 - 90_000);
    await fetchAll();

    const times = started.double.requests.map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(first.map(({ quality }) => quality)).toEqual(countries.map(() => 'measured'));
    expect(times).toHaveLength(countries.length);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(8_000);
    expect(started.double.refused).toBe(0);
  });

  it('drops a value that cannot be right by itself, counts it and says so once', async () => {
    await using started = await start({ de: 300 });
    started.double.valueAt = (_, time) => {
      const quarter = new Date(time).toISOString().slice(11, 16);
      return quarter === '11:45' ? 5_935 : quarter === '11:30' ? -4 : 300;
    };

    const sample = await started.provider.latest(zone('DE'), live());

    expect([iso(sample.datetime), sample.carbonIntensity]).toEqual(['2026-01-15T11:15:00.000Z', 300]);
    expect([await started.issues('implausible'), await started.issues('negative')]).toEqual([1, 1]);
    expect(started.log.at('warn').map(({ fields }) => fields.reason)).toEqual(['negative', 'implausible']);
  });

  it('takes the newest value of times out of order, and drops absurd times, numbers and texts one by one', async () => {
    await using started = await start({ de: 300 });
    const quarter = (back: number) => clock.now() / 1000 - 720 - back * 900;
    const values: [seconds: unknown, value: unknown][] = [
      [quarter(1), 310],
      [quarter(2), 320],
      [1e14, 999],
      [clock.now(), 998],
      [-1e15, 997],
      ['1768478400', 996],
      [quarter(3), '330'],
      [quarter(4), -0],
      [quarter(5), '\ud800'],
      [quarter(2), 321],
    ];
    started.double.series = {
      unix_seconds: values.map(([seconds]) => seconds),
      co2eq: values.map(([, value]) => value),
      co2eq_forecast: values.map(() => null),
    };

    const sample = await started.provider.latest(zone('DE'), live());
    const past = (await started.provider.history?.(zone('DE'), live())) ?? [];

    expect([sample.datetime / 1000, sample.carbonIntensity]).toEqual([quarter(1), 310]);
    // 11:00 is 0, 11:30 is 320 and then 321, 11:45 is 310.
    expect(past.map(({ datetime, carbonIntensity }) => [iso(datetime), carbonIntensity])).toEqual([
      ['2026-01-15T11:00:00.000Z', expect.closeTo((0 + 321 + 310) / 3, 2)],
    ]);
    expect([
      await started.issues('implausible'),
      await started.issues('malformed'),
      await started.issues('duplicate'),
    ]).toEqual([3, 3, 1]);
  });

  it('warns when the service announces the end of the interface', async () => {
    await using started = await start({ de: 300 });
    started.double.deprecated = true;

    await started.provider.latest(zone('DE'), live());

    expect(started.log.at('warn')).toMatchObject([{ fields: { code: 'GRID_API_DEPRECATED' } }]);
  });
});

/** Moves the clock a second on once the requests under way have ended. */
async function settled(clock: FakeClock, double: EnergyChartsDouble): Promise<void> {
  const before = double.requests.length;
  await new Promise((resolve) => setTimeout(resolve, double.requests.length > before ? 20 : 5));
  await clock.advance(1_000);
}

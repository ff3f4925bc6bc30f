import { describe, expect, it } from 'vitest';
import { type Activity, type ActivitySource, activity, daysOf } from '../../../shared/emissions/activity.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { HourlyEnergy } from '../../../shared/records/power.ts';

const KWH = 3_600_000;
const DE = zone('DE');
const DAY = 24 * HOUR_MS;

describe('activity', () => {
  it('is one row for each hour and container, in order of time and names', async () => {
    const rows = await read('hour', [used('web', 5, KWH), used('api', 5, KWH), used('web', 2, KWH)], [2, 5]);

    expect(rows.map(({ from, to, container, grams }) => [from, to, container.pod, grams])).toEqual([
      [2 * HOUR_MS, 3 * HOUR_MS, 'web', 400],
      [5 * HOUR_MS, 6 * HOUR_MS, 'api', 400],
      [5 * HOUR_MS, 6 * HOUR_MS, 'web', 400],
    ]);
  });

  it('is one row for each UTC day, cut to the range', async () => {
    const hours = [used('web', 30, KWH), used('web', 3, KWH), used('web', 4, KWH)];

    const rows = await read('day', hours, [3, 4, 30], { from: 2 * HOUR_MS, to: 31 * HOUR_MS });
    expect(rows.map(({ from, to, joules: all, coveredMs }) => [from, to, all, coveredMs])).toEqual([
      [2 * HOUR_MS, DAY, 2 * KWH, 2 * HOUR_MS],
      [DAY, 31 * HOUR_MS, KWH, HOUR_MS],
    ]);
  });

  it('adds GPU energy to a container’s, and covers the time once', async () => {
    const rows = await read('hour', [used('llm', 0, KWH), used('llm', 0, 3 * KWH, { device: 'gpu' })], [0]);

    expect(rows).toEqual([
      expect.objectContaining({ joules: 4 * KWH, gpuJoules: 3 * KWH, coveredMs: HOUR_MS, grams: 1600 }),
    ]);
    expect(rows[0]?.container.device).toBeUndefined();
  });

  it('counts hours without a known intensity in energy, not in grams', async () => {
    const [row] = await read('day', [used('web', 0, KWH), used('web', 1, KWH)], [1]);

    expect(row).toMatchObject({ joules: 2 * KWH, pricedJoules: KWH, grams: 400, gpuJoules: null, cost: null });
    expect(await read('hour', [used('web', 0, KWH)], [])).toEqual([
      expect.objectContaining({ grams: null, quality: null, pricedJoules: 0, providers: [] }),
    ]);
  });

  it('costs the price of the zone, and nothing where the zone is not known', async () => {
    const [known] = await read('hour', [used('web', 0, 2 * KWH)], [0], undefined, { prices: new Map([[DE, 0.3]]) });
    expect(known?.cost).toBeCloseTo(0.6, 12);

    const [unknown] = await read('hour', [used('web', 0, KWH, { node: '' })], [0], undefined, {
      prices: new Map([[DE, 0.3]]),
    });
    expect(unknown).toMatchObject({ zone: null, cost: null, grams: null });
  });
});

describe('daysOf', () => {
  it('cuts the first and the last day to the range, and gives none for an empty one', () => {
    expect(daysOf({ from: DAY - HOUR_MS, to: 2 * DAY })).toEqual([
      { from: DAY - HOUR_MS, to: DAY },
      { from: DAY, to: 2 * DAY },
    ]);
    expect(daysOf({ from: DAY, to: DAY })).toEqual([]);
  });
});

function used(pod: string, at: number, of: number, kind: { node?: string; device?: 'gpu' } = {}): HourlyEnergy {
  return {
    container: { namespace: 'shop', pod, container: 'main', node: 'n', ...kind },
    ...{ hour: at * HOUR_MS, joules: joules(of), coveredMs: HOUR_MS },
  };
}

/** Rows of energy where DE has 400 g/kWh in some hours. */
async function read(
  by: 'hour' | 'day',
  energy: readonly HourlyEnergy[],
  known: readonly number[],
  range = { from: 0, to: 2 * DAY },
  more: Partial<ActivitySource> = {},
): Promise<Activity[]> {
  const store: ActivitySource['store'] = {
    hourly: async function* (_, { from, to }) {
      yield* energy.filter(({ hour }) => from <= hour && hour < to);
    },
    zones: async () => [DE],
    intensities: async (_, { from, to }) =>
      known
        .map((at) => at * HOUR_MS)
        .filter((hour) => from <= hour && hour < to)
        .map((hour) => ({
          ...{ zone: DE, hour, carbonIntensity: gramsPerKwh(400), provider: 'p' },
          ...{ signal: 'average', quality: 'measured' },
        })),
  };
  const rows: Activity[] = [];
  for await (const batch of activity({ store, zoneOfNode: () => DE, ...more }, { range, by })) rows.push(...batch);
  return rows;
}

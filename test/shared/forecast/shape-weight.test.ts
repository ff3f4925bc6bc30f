import { describe, expect, it } from 'vitest';
import { type Climatology, shapeOf } from '../../../shared/forecast/climatology.ts';
import { firstDaysForecast } from '../../../shared/forecast/first-days.ts';
import { daysThatShapeCounts } from '../../../shared/forecast/shape-weight.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { seeded } from './synthetic-zones.ts';

const END = Date.parse('2026-06-10T00:00:00Z');
/** Half as much at noon as at other hours, on all days. */
const hours = Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 0.5 : 1));
const months = new Array<number[]>(12).fill(hours);
const NOON_DIP: Climatology = { weekday: months, weekend: months, spread: 0.1 };
const OWN = shapeOf(NOON_DIP, { isOwn: true });

function valuesOf(days: number, valueAt: (hourOfDay: number, hour: number) => number): Float64Array {
  return Float64Array.from({ length: 24 * days }, (_, hour) => valueAt(hour % 24, hour));
}

const noisy = (size: number, dip: number) => {
  const random = seeded(4);
  return valuesOf(21, (hour) => (hour === 12 ? dip : 1) * 400 + size * (random() - 0.5));
};

describe('daysThatShapeCounts', () => {
  it('is three days for a shape of the own zone and a third of one for that of others, before two days are known', () => {
    const values = valuesOf(1, () => 400);

    expect(daysThatShapeCounts({ values, end: END, shape: OWN })).toBe(3);
    expect(daysThatShapeCounts({ values, end: END, shape: shapeOf(NOON_DIP) })).toBe(0.3);
    expect(daysThatShapeCounts({ values: valuesOf(2, () => Number.NaN), end: END, shape: OWN })).toBe(3);
  });

  it('grows where the days agree with the shape, and falls where they differ from it', () => {
    const weight = (values: Float64Array) => daysThatShapeCounts({ values, end: END, shape: OWN });

    expect(weight(noisy(100, 0.5))).toBeGreaterThan(3);
    expect(weight(noisy(100, 1.5))).toBeLessThan(1);
    expect(weight(noisy(400, 1))).toBeGreaterThan(weight(noisy(100, 1)));
  });

  it('compares each hour of the days with the shape of that very hour', () => {
    // A morning peak, so that no other order of the hours has the same shape; the last known hour is 14:00.
    const peaked = hours.map((_, hour) => (hour >= 4 && hour < 7 ? 2 : 1));
    const shape = shapeOf({ ...NOON_DIP, weekday: months.map(() => peaked), weekend: months.map(() => peaked) });
    const end = END + 15 * HOUR_MS;
    const random = seeded(4);
    const values = valuesOf(21, (_, hour) => {
      const time = new Date(end - (21 * 24 - hour) * HOUR_MS);
      // The level grows from day to day, which is no difference of shape.
      const level = 400 + 40 * Math.floor(hour / 24);
      return level * (peaked[time.getUTCHours()] as number) + 50 * (random() - 0.5);
    });

    expect(daysThatShapeCounts({ values, end, shape })).toBeGreaterThan(0.5);
    expect(daysThatShapeCounts({ values: values.toReversed(), end, shape })).toBeLessThan(0.2);
  });

  it('leaves nothing to a shape that days which repeat exactly contradict', () => {
    const values = valuesOf(28, (hour) => (hour >= 6 && hour < 18 ? 500 : 100));
    const at = firstDaysForecast({ values, end: END, shape: OWN });

    expect(daysThatShapeCounts({ values, end: END, shape: OWN })).toBeLessThan(0.05);
    for (let ahead = 0; ahead < 72; ahead++)
      expect(at(ahead).carbonIntensity).toBeCloseTo(ahead % 24 >= 6 && ahead % 24 < 18 ? 500 : 100, 0);
  });

  it('is of use for an hour that no day knows', () => {
    const values = valuesOf(5, (hour) => (hour === 12 ? Number.NaN : 400));

    expect(firstDaysForecast({ values, end: END, shape: OWN })(12).carbonIntensity).toBeCloseTo(200, -1);
  });
});

import { describe, expect, it } from 'vitest';
import { type Climatology, shapeOf } from '../../../shared/forecast/climatology.ts';
import { firstDaysForecast } from '../../../shared/forecast/first-days.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';

const END = Date.parse('2026-06-10T00:00:00Z');
/** Half as much at noon as at other hours, on all days. */
const hours = Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 0.5 : 1));
const months = new Array<number[]>(12).fill(hours);
const NOON_DIP: Climatology = { weekday: months, weekend: months, spread: 0.1 };

function valuesOf(days: number, valueAt: (hourOfDay: number) => number): Float64Array {
  return Float64Array.from({ length: 24 * days }, (_, hour) => valueAt(hour % 24));
}

describe('firstDaysForecast', () => {
  it('expects the usual shape at the present level where one day shows nothing else', () => {
    const at = firstDaysForecast({
      values: valuesOf(1, (hour) => (hour === 12 ? 200 : 400)),
      end: END,
      shape: shapeOf(NOON_DIP, { isOwn: true }),
    });

    expect(at(12)).toMatchObject({ datetime: END + 12 * HOUR_MS });
    expect(at(12).carbonIntensity).toBeCloseTo(200, -1);
    expect(at(3).carbonIntensity).toBeCloseTo(400, -1);
    expect(at(36).carbonIntensity).toBeCloseTo(200, -1);
  });

  it("lets the zone's own shape count for three days, and that of other zones for a third of one", () => {
    const flat = valuesOf(1, () => 400);
    const dip = (isOwn: boolean) => {
      const at = firstDaysForecast({ values: flat, end: END, shape: shapeOf(NOON_DIP, { isOwn }) });
      return 1 - at(12).carbonIntensity / at(11).carbonIntensity;
    };

    expect(dip(true)).toBeGreaterThan(0.3);
    expect(dip(false)).toBeGreaterThan(0.05);
    expect(dip(false)).toBeLessThan(0.2);
  });

  it('expects less and less of the last deviation, and never more than it was', () => {
    const flat = Object.assign(() => 1, { spread: 0.1, isOwn: true });
    const values = valuesOf(10, () => 400);
    values[values.length - 1] = 500;
    const at = firstDaysForecast({ values, end: END, shape: flat });
    const excess = (ahead: number) => at(ahead).carbonIntensity - at(70).carbonIntensity;

    // It starts from the last value itself.
    expect(at(-1).carbonIntensity).toBeCloseTo(500, -1);
    expect(excess(0)).toBeLessThan(excess(-1));
    expect(excess(0)).toBeGreaterThan(60);
    expect(excess(1) / excess(0)).toBeCloseTo(Math.exp(-1 / 24), 1);
    expect(excess(12)).toBeLessThan(0.8 * excess(0));
    expect(excess(12)).toBeGreaterThan(0);
  });

  it('takes the level from what the shape says of the hours that were, not of those ahead', () => {
    const half = Object.assign((time: number) => (time < END ? 2 : 1), { spread: 0.1, isOwn: true });

    expect(
      firstDaysForecast({ values: valuesOf(1, () => 400), end: END, shape: half })(30).carbonIntensity,
    ).toBeLessThan(270);
  });

  it('follows what the days show as they become more', () => {
    const shape = shapeOf(NOON_DIP, { isOwn: true });
    const noonOf = (days: number) =>
      firstDaysForecast({ values: valuesOf(days, () => 400), end: END, shape })(12).carbonIntensity;

    expect(noonOf(14)).toBeGreaterThan(noonOf(3));
    expect(noonOf(3)).toBeGreaterThan(noonOf(1));
  });

  it('has a band that is wide until errors are measured, and never falls below 0', () => {
    const past = { values: valuesOf(1, () => 10), end: END, shape: shapeOf({ ...NOON_DIP, spread: 1 }) };
    const { low = -1, high = 0, carbonIntensity } = firstDaysForecast(past)(5);

    expect(low).toBe(0);
    expect(high).toBeGreaterThan(carbonIntensity + 10);
    const band = { below: new Float64Array(72).fill(-2), above: new Float64Array(72).fill(3), shares: [] };
    const measured = firstDaysForecast({ ...past, band })(5);
    expect((measured.high ?? 0) - measured.carbonIntensity).toBeCloseTo(3, 6);
  });

  it('goes on over missing hours', () => {
    const values = valuesOf(2, (hour) => (hour < 6 ? Number.NaN : 300));

    expect(firstDaysForecast({ values, end: END, shape: shapeOf(NOON_DIP) })(2).carbonIntensity).toBeGreaterThan(200);
  });
});

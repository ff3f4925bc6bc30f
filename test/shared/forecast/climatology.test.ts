import { describe, expect, it } from 'vitest';
import { climatologyOf, shapeOf, solarOffsetMs, usualShape } from '../../../shared/forecast/climatology.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const YEAR = Date.parse('2023-01-01T00:00:00Z');
const HOURS = 365 * 24;

function yearOf(value: (time: Date) => number) {
  return {
    start: YEAR,
    values: Float64Array.from({ length: HOURS }, (_, hour) => value(new Date(YEAR + hour * HOUR_MS))),
  };
}

describe('climatologyOf', () => {
  it('is the shape of the day without its level', () => {
    const noon = yearOf((time) => (time.getUTCHours() === 12 ? 24 : 48) * (time.getUTCMonth() < 6 ? 1 : 10));

    const { weekday, spread } = climatologyOf([noon]);

    for (const month of [1, 4, 9]) {
      expect((weekday[month]?.[12] ?? 0) / (weekday[month]?.[0] ?? 1)).toBeCloseTo(0.5, 2);
    }
    expect(spread).toBeLessThan(0.15);
  });

  it('tells weekends apart, and leaves out unknown hours', () => {
    const series = yearOf((time) => ([0, 6].includes(time.getUTCDay()) ? 50 : 100));
    series.values.fill(Number.NaN, 2000, 2400);

    const { weekday, weekend } = climatologyOf([series]);

    expect((weekend[5]?.[8] ?? 0) / (weekday[5]?.[8] ?? 1)).toBeCloseTo(0.5, 2);
  });

  it('leaves out weeks of which fewer than half the hours are known: nothing is at the level of so few', () => {
    const dip = yearOf((time) => (time.getUTCHours() === 12 ? 50 : 100));
    // From April to September only the noons are known.
    for (let hour = 2200; hour < 6500; hour++) if (hour % 24 !== 12) dip.values[hour] = Number.NaN;

    const { weekday } = climatologyOf([dip]);

    expect(weekday[3]?.[12]).toBeLessThan(0.6);
    expect(weekday[2]?.[12]).toBeLessThan(0.6);
  });
});

describe('usualShape', () => {
  it("knows a zone's own solar dip in summer", () => {
    const shape = usualShape(zone('DE'));

    expect(shape.isOwn).toBe(true);
    expect(shape(Date.parse('2026-06-17T12:00:00Z'))).toBeLessThan(0.9 * shape(Date.parse('2026-06-17T20:00:00Z')));
  });

  it('takes the shape of others at the same solar time for a zone without years, seasons turned in the south', () => {
    const sydney = usualShape(zone('AU-NSW'));
    const offset = solarOffsetMs(151);

    expect(sydney.isOwn).toBe(false);
    expect(offset).toBe(10 * HOUR_MS);
    const noon = Date.parse('2026-01-14T02:00:00Z');
    expect(sydney(noon)).toBeLessThan(sydney(noon + 8 * HOUR_MS));
  });

  it('is flat where nothing is known of a zone', () => {
    const shape = usualShape(zone('XX'));

    expect([0, 5, 12, 19].map((hour) => shape(YEAR + hour * HOUR_MS))).toEqual([1, 1, 1, 1]);
  });
});

describe('shapeOf', () => {
  const table = climatologyOf([yearOf((time) => 100 + time.getUTCHours() + 10 * time.getUTCMonth())]);

  it('looks hours up in local time', () => {
    const noon = Date.parse('2026-03-11T12:00:00Z');

    expect(shapeOf(table, { offsetMs: 3 * HOUR_MS })(noon)).toBe(table.weekday[2]?.[15]);
    expect(shapeOf(table, { isSouthern: true })(noon)).toBe(table.weekday[8]?.[12]);
  });
});

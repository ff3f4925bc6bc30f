import { describe, expect, it } from 'vitest';
import { continueSeries } from '../../../shared/forecast/continue.ts';
import { forecast } from '../../../shared/forecast/forecast.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { PAST_START, syntheticPast, timeAfter } from './synthetic-zones.ts';

const DAYS = 40;

function part({ start, values }: HourlySeries, from: number, to: number, factor = 1): HourlySeries {
  return { start: start + from * HOUR_MS, values: values.slice(from, to).map((value) => factor * value) };
}

describe('continueSeries', () => {
  const whole = syntheticPast(DAYS * 24, 1);

  it("scales another provider's past to the level of the hours that both know", () => {
    const joined = continueSeries(part(whole, 0, 900), part(whole, 890, DAYS * 24, 1.25));

    expect(joined.start).toBe(PAST_START);
    expect(joined.values).toHaveLength(DAYS * 24);
    expect(joined.values[100]).toBeCloseTo(1.25 * (whole.values[100] as number), 6);
    expect(joined.values[950]).toBe(1.25 * (whole.values[950] as number));
  });

  it('finds the level from a single new hour by what was usual at that time of day', () => {
    const hours = DAYS * 24;
    const joined = continueSeries(part(whole, 0, hours - 1), part(whole, hours - 1, hours, 2));

    expect((joined.values[100] as number) / (whole.values[100] as number)).toBeGreaterThan(1.7);
    expect((joined.values[100] as number) / (whole.values[100] as number)).toBeLessThan(2.3);
    expect(joined.values.at(-1)).toBe(2 * (whole.values.at(-1) as number));
  });

  it('finds the level, too, where the new provider knows only a few of the hours that the old one knows', () => {
    const hours = DAYS * 24;
    for (const shared of [1, 3, 5]) {
      const joined = continueSeries(whole, part(whole, hours - shared, hours, 2));

      expect(joined.values).toHaveLength(hours);
      expect((joined.values[100] as number) / (whole.values[100] as number)).toBeGreaterThan(1.7);
      expect((joined.values[100] as number) / (whole.values[100] as number)).toBeLessThan(2.3);
    }
  });

  it('keeps a forecast going over a change of provider', () => {
    const hours = DAYS * 24;
    const joined = continueSeries(part(whole, 0, hours - 1), part(whole, hours - 1, hours, 1.3));

    const points = forecast({ zone: zone('DE'), now: timeAfter(hours), histories: new Map([[zone('DE'), joined]]) });

    expect(points).toHaveLength(72);
  });

  it('leaves the older series out where it tells nothing about the level, or nonsense', () => {
    const newer = part(whole, 500, 600);
    const unknown = { start: PAST_START, values: new Float64Array(400).fill(Number.NaN) };

    expect(continueSeries(unknown, newer)).toBe(newer);
    expect(continueSeries(part(whole, 0, 600, 100), newer)).toBe(newer);
  });
});

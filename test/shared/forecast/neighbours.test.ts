import { describe, expect, it } from 'vitest';
import { closestZones } from '../../../shared/forecast/neighbours.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';

const HOURS = 74 * 24;
const END = HOURS * HOUR_MS;

/** An hour's weather, the same for every zone; no day is like the other. */
const weather = (hour: number) => Math.sin(hour / 17) + Math.sin(hour / 41);

function series(of: (hour: number) => number, from = 0) {
  return { start: 0, values: Float64Array.from({ length: HOURS }, (_, hour) => (hour < from ? Number.NaN : of(hour))) };
}

function closest(others: Readonly<Record<string, ReturnType<typeof series>>>) {
  const histories = new Map<Zone, ReturnType<typeof series>>([
    [zone('DE'), series((hour) => 300 + 50 * weather(hour))],
  ]);
  for (const [code, own] of Object.entries(others)) histories.set(zone(code), own);
  return closestZones(zone('DE'), histories, END, HOURS).map(({ zone: of, strength }) => [of, strength] as const);
}

describe('closestZones', () => {
  it('gives a zone in step a strength of 1, one that does the opposite too, whatever their size', () => {
    const found = closest({
      FR: series((hour) => 90 + 3 * weather(hour)),
      PL: series((hour) => 800 - 99 * weather(hour)),
    });

    expect(found.map(([code]) => code).sort()).toEqual(['FR', 'PL']);
    for (const [, strength] of found) expect(strength).toBeCloseTo(1, 9);
  });

  it('leaves out zones that do not move with it, do not move at all, or are known for too short a time', () => {
    expect(
      closest({
        AT: series(() => 100),
        ES: series((hour) => 100 + 20 * Math.sin(hour * 1.7)),
        NL: series(weather, HOURS * 0.4),
      }),
    ).toEqual([]);
  });

  it('leaves out a zone of which hardly an hour is known when the own one is', () => {
    const day = (from: number, to: number) => (hour: number) =>
      hour >= from * 24 && hour < to * 24 ? Number.NaN : 300 + 50 * weather(hour);
    const histories = (gap: (hour: number) => number) =>
      new Map([
        [zone('DE'), series(day(14, 34))],
        [zone('FR'), series(gap)],
      ]);

    // 40 days of the last 60 are known of both zones, then 19.
    expect(closestZones(zone('DE'), histories(day(14, 34)), END, HOURS)).toHaveLength(1);
    expect(closestZones(zone('DE'), histories(day(53, 74)), END, HOURS)).toEqual([]);
  });

  it('gives at most two, the closest first', () => {
    const noise = (hour: number) => Math.sin(hour * 2.3);

    const found = closest({
      AT: series((hour) => 100 + weather(hour) + noise(hour)),
      ES: series((hour) => 100 + weather(hour) + noise(hour) / 3),
      NL: series((hour) => 100 + weather(hour)),
    });
    expect(found.map(([code]) => code)).toEqual(['NL', 'ES']);
    expect(found[1]?.[1]).toBeLessThan(1);
  });
});

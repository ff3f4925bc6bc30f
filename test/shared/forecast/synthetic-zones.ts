import type { HourlySeries } from '../../../shared/forecast/series.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';

/** Numbers in [0, 1) that are the same for the same seed (a linear congruential generator, Numerical Recipes). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Midnight at which all synthetic pasts begin. */
export const PAST_START = Date.parse('2024-01-01T00:00:00Z');

/** A sunny-at-noon zone with slow weather: `mean ± swing` over the day plus a wandering level. */
export function syntheticPast(hours: number, seed: number, mean = 300, swing = 80): HourlySeries {
  const random = seeded(seed);
  const values = new Float64Array(hours);
  let level = 0;
  for (let hour = 0; hour < hours; hour++) {
    level = 0.97 * level + 15 * (random() - 0.5);
    values[hour] = mean + swing * Math.cos((2 * Math.PI * hour) / 24) + level;
  }
  return { start: PAST_START, values };
}

/** Pasts of the zones DE, FR and NL, independent of each other. */
export function syntheticHistories(hours: number): Map<Zone, HourlySeries> {
  return new Map([
    [zone('DE'), syntheticPast(hours, 1)],
    [zone('FR'), syntheticPast(hours, 2, 60, 15)],
    [zone('NL'), syntheticPast(hours, 3, 400, 90)],
  ]);
}

/** The time at which so many hours of a synthetic past are over. */
export function timeAfter(hours: number): number {
  return PAST_START + hours * HOUR_MS;
}

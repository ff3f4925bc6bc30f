import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import { PROFILE_DAYS, usualAt } from './profile.ts';
import { cut, type HourlySeries } from './series.ts';

/** Hours known to both series that make their ratio certain. */
const FEWEST_SHARED = 6;
/** Two methods never differ by more than this factor; beyond it one of the series is wrong. */
const MOST_FACTOR = 4;

/**
 * Continues a series by one of another provider: the older one keeps its shape, at the level of the newer. Methods differ by
 * a factor first of all, which the hours that both know give, else the newer hours by what the older series made usual
 * for their time of day. Hours of the newer series are never changed. The newer one alone where no factor can be found.
 */
export function continueSeries(older: HourlySeries, newer: HourlySeries): HourlySeries {
  const factor = sharedFactor(older, newer) ?? usualFactor(older, newer);
  if (factor === undefined || !(factor >= 1 / MOST_FACTOR && factor <= MOST_FACTOR)) return newer;
  const start = Math.min(older.start, newer.start);
  const hours = (Math.max(endOf(older), endOf(newer)) - start) / HOUR_MS;
  const [before, after] = [cut(older, start, hours), cut(newer, start, hours)];
  return {
    start,
    values: after.map((value, hour) => (Number.isNaN(value) ? factor * (before[hour] as number) : value)),
  };
}

function sharedFactor(older: HourlySeries, newer: HourlySeries): number | undefined {
  const before = cut(older, newer.start, newer.values.length);
  return ratio(newer.values, before, FEWEST_SHARED);
}

/** The newer hours by the usual value of the same time of day in the older series. */
function usualFactor(older: HourlySeries, newer: HourlySeries): number | undefined {
  const start = endOf(older) - PROFILE_DAYS * 24 * HOUR_MS;
  const past = cut(older, start, PROFILE_DAYS * 24);
  const usual = Float64Array.from(newer.values, (_, index) => {
    const hour = (newer.start - start) / HOUR_MS + index;
    return usualAt(past, hour, Math.max(1, Math.floor((hour - past.length) / 24) + 1));
  });
  return ratio(newer.values, usual, 1);
}

function ratio(values: Float64Array, others: Float64Array, fewest: number): number | undefined {
  let [sum, otherSum, count] = [0, 0, 0];
  for (const [index, value] of values.entries()) {
    const other = others[index] as number;
    if (Number.isNaN(value) || Number.isNaN(other)) continue;
    sum += value;
    otherSum += other;
    count += 1;
  }
  return count < fewest || !(otherSum > 0) ? undefined : sum / otherSum;
}

function endOf({ start, values }: HourlySeries): EpochMs {
  return start + values.length * HOUR_MS;
}

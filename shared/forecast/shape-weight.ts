import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Shape } from './climatology.ts';
import { PROFILE_DAYS } from './profile.ts';

/** A shape nothing is known against counts as much as so many recent days: one of the zone's own years much, one of other zones little. */
const UNTESTED_DAYS = { own: 3, generic: 0.3 };
/** Days of evidence that weigh as much as what was assumed of a shape before any. */
const ASSUMED_DAYS = 7;
/** A shape counts this much even where the days speak against it: an hour that no day knows has nothing else. */
const LEAST_DAYS = 0.01;
/** A day with fewer known hours does not count. */
const FEWEST_HOURS_OF_DAY = 12;

/** Hourly values up to the first unknown hour, which begins at `end`, and the usual shape of the zone's days. */
interface Shaped {
  readonly values: Float64Array;
  readonly end: EpochMs;
  readonly shape: Shape;
}

/**
 * How many recent days the usual shape counts for. With days that differ from each other by a variance s² at the same hour,
 * and from the shape by b² on their average, a shape is worth s² / b² days (the weight of a prior mean); both are
 * measured on the days that are known, and b² starts from what makes an untested shape worth its assumed days. Days that
 * repeat exactly leave nothing to a shape that differs from them.
 */
export function daysThatShapeCounts(past: Shaped): number {
  const assumed = past.shape.isOwn ? UNTESTED_DAYS.own : UNTESTED_DAYS.generic;
  const days = residualDays(past);
  if (days.length < 2) return assumed;
  let [within, between, hours] = [0, 0, 0];
  for (let hour = 0; hour < 24; hour++) {
    const known = days.map((day) => day[hour] as number).filter((residual) => !Number.isNaN(residual));
    if (known.length < 2) continue;
    const mean = known.reduce((sum, residual) => sum + residual, 0) / known.length;
    const variance = known.reduce((sum, residual) => sum + (residual - mean) ** 2, 0) / (known.length - 1);
    within += variance;
    between += mean ** 2 - variance / known.length;
    hours += 1;
  }
  if (hours === 0 || !(within + between > 0)) return assumed;
  const evidence = days.length - 1;
  const bias = (evidence * Math.max(0, between) + (ASSUMED_DAYS * within) / assumed) / (evidence + ASSUMED_DAYS);
  return Math.max(LEAST_DAYS, within / bias);
}

/** By known day, newest first, and by hour from the end of each: value minus the shape at the level of that day. */
function residualDays({ values, end, shape }: Shaped): Float64Array[] {
  const days: Float64Array[] = [];
  for (let day = 0; day < PROFILE_DAYS && (day + 1) * 24 <= values.length; day++) {
    const last = values.length - 24 * day;
    const usual = Float64Array.from({ length: 24 }, (_, hour) => shape(end - (24 * day + 24 - hour) * HOUR_MS));
    let [sum, usualSum, known] = [0, 0, 0];
    for (let hour = 0; hour < 24; hour++) {
      const value = values[last - 24 + hour] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      usualSum += usual[hour] as number;
      known += 1;
    }
    if (known < FEWEST_HOURS_OF_DAY || !(usualSum > 0)) continue;
    days.push(usual.map((of, hour) => (values[last - 24 + hour] as number) - (sum / usualSum) * of));
  }
  return days;
}

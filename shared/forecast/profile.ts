import { bridged } from './series.ts';

/** Days that the usual day is made of. */
export const PROFILE_DAYS = 28;
const DECAY_DAYS = 14;
const SAME_WEEKDAY_WEIGHT = 2;
/** Hours after which a deviation from the usual day has faded to 1/e, where nothing better is learnt. */
const LEVEL_DECAY_HOURS = 24;
/** What an unknown hour keeps of the deviation of the hour before it. */
const CARRIED_SHARE = 0.9;

const WEIGHTS = Float64Array.from(
  { length: PROFILE_DAYS + 1 },
  (_, day) => Math.exp(-day / DECAY_DAYS) * (day % 7 === 0 ? SAME_WEEKDAY_WEIGHT : 1),
);

/** How much the same hour of so many days ago counts for the usual one. */
export function dayWeight(day: number): number {
  return WEIGHTS[day] ?? 0;
}

/** Weighted mean of the same hour on earlier days, `firstDay` or more days before; NaN when none of them is known. */
export function usualAt(values: Float64Array, hour: number, firstDay: number): number {
  let sum = 0;
  let weights = 0;
  for (let day = firstDay; day <= PROFILE_DAYS; day++) {
    const value = values[hour - 24 * day];
    if (value === undefined || Number.isNaN(value)) continue;
    const weight = WEIGHTS[day] as number;
    sum += weight * value;
    weights += weight;
  }
  return sum / weights;
}

/** The days to go back from a target `ahead` hours after the first unknown hour to reach known ones. */
export function daysBack(ahead: number): number {
  return Math.floor(ahead / 24) + 1;
}

/** A zone's past on a common axis of hours: what came, what was usual, and how far they differed. */
export interface Past {
  readonly values: Float64Array;
  /** By days back: the usual value of each hour, as it looked that many days earlier. */
  readonly usual: readonly Float64Array[];
  /** Value minus the usual of the day before; unknown hours carry a fading share of the hour before them. */
  readonly deviation: Float64Array;
}

/** Describes the hours `[0, values.length)`, the usual being computed from `firstHour` on for 1 to `days` days back. */
export function describePast(raw: Float64Array, firstHour: number, days: number): Past {
  const values = bridged(raw);
  const usual: Float64Array[] = [];
  for (let back = 1; back <= days; back++) {
    const line = new Float64Array(values.length).fill(Number.NaN);
    for (let hour = firstHour; hour < values.length; hour++) line[hour] = usualAt(values, hour, back);
    usual.push(line);
  }
  const deviation = new Float64Array(values.length);
  for (let hour = firstHour; hour < values.length; hour++) {
    const difference = (values[hour] as number) - (usual[0]?.[hour] as number);
    deviation[hour] = Number.isNaN(difference) ? CARRIED_SHARE * (deviation[hour - 1] ?? 0) : difference;
  }
  return { values, usual, deviation };
}

/** The part of the last deviation that the plain profile still expects `ahead` hours after the first unknown hour. */
export function remainingLevel(lastDeviation: number, ahead: number): number {
  return lastDeviation * Math.exp(-(ahead + 1) / LEVEL_DECAY_HOURS);
}

import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Past } from './profile.ts';

/** Hours of deviations that the inputs look back on. */
export const LOOKBACK_HOURS = 48;
/** Hours of levels that the inputs look back on: this week against the week before. */
export const LEVEL_HOURS = 336;
/** First and last lag, in hours, of the blocks whose mean deviation is an input: fine near the present, coarse behind. */
const BLOCKS = [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 5],
  [6, 8],
  [9, 12],
  [13, 16],
  [17, 20],
  [21, 24],
] as const;
const NEIGHBOUR_LAGS = [1, 4, 8, 16] as const;
/** Inputs of the calendar are small, so that the penalty prefers deviations: the usual day knows the calendar already. */
const CALENDAR_WEIGHT = 0.32;
const WEEKDAY_WEIGHT = 0.5 * CALENDAR_WEIGHT;
/** The day of the origin and the three that a 72-hour forecast reaches. */
const DAYS_REACHED = 4;
const HARMONICS = 3;

/** A zone's past with the size of its usual deviation, by which inputs are made comparable; larger for a neighbour that counts less. */
export interface Scaled {
  readonly past: Past;
  readonly scale: number;
}

/** How many inputs a model with that many neighbours has. */
export function inputCount(neighbours: number): number {
  const waves = 2 * HARMONICS;
  return 1 + BLOCKS.length + 3 + 4 * waves + 6 + DAYS_REACHED * (1 + waves) + neighbours * (2 + NEIGHBOUR_LAGS.length);
}

/** Writes what is known before the hour `origin` (an index; `start` is the time of index 0) as inputs of the learned model. */
export function writeInputs(
  out: Float64Array,
  start: EpochMs,
  origin: number,
  own: Scaled,
  neighbours: readonly Scaled[],
): void {
  let next = 0;
  const push = (value: number): void => {
    out[next++] = value;
  };
  const { deviation, values } = own.past;
  push(CALENDAR_WEIGHT);
  for (const [near, far] of BLOCKS) push(meanBack(deviation, origin, near, far) / own.scale);
  const today = meanBack(deviation, origin, 1, 24) / own.scale;
  push(today);
  push(meanBack(deviation, origin, 25, 48) / own.scale);
  push(weekTrend(values, origin) / own.scale);

  const hours = Math.round(start / HOUR_MS) + origin;
  const waves = dayWaves(hours % 24);
  const last = meanBack(deviation, origin, 1, 1) / own.scale;
  const third = meanBack(deviation, origin, 3, 3) / own.scale;
  for (const wave of waves) for (const factor of [CALENDAR_WEIGHT, last, third, today]) push(wave * factor);

  // 1970-01-01 was a Thursday: day 2 of every week counted from there is a Saturday.
  const day = Math.floor(hours / 24);
  for (let weekday = 0; weekday < 6; weekday++) push(day % 7 === weekday ? WEEKDAY_WEIGHT : 0);
  for (let ahead = 0; ahead < DAYS_REACHED; ahead++) {
    const weekend = (day + ahead) % 7 === 2 || (day + ahead) % 7 === 3 ? CALENDAR_WEIGHT : 0;
    push(weekend);
    for (const wave of waves) push(weekend * wave);
  }

  for (const { past, scale } of neighbours) {
    push(meanBack(past.deviation, origin, 1, 24) / scale);
    push(meanBack(past.deviation, origin, 25, 48) / scale);
    for (const lag of NEIGHBOUR_LAGS) push(meanBack(past.deviation, origin, lag, lag) / scale);
  }
}

function dayWaves(hourOfDay: number): readonly number[] {
  const angle = (2 * Math.PI * hourOfDay) / 24;
  const waves: number[] = [];
  for (let k = 1; k <= HARMONICS; k++) waves.push(Math.cos(k * angle), Math.sin(k * angle));
  return waves;
}

function meanBack(series: Float64Array, origin: number, near: number, far: number): number {
  let sum = 0;
  for (let lag = near; lag <= far; lag++) sum += series[origin - lag] ?? 0;
  return sum / (far - near + 1);
}

/** Mean of the last week minus that of the week before; 0 when either is wholly unknown. */
function weekTrend(values: Float64Array, origin: number): number {
  const difference = knownMean(values, origin - 168, origin) - knownMean(values, origin - 336, origin - 168);
  return Number.isNaN(difference) ? 0 : difference;
}

function knownMean(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  let known = 0;
  for (let index = Math.max(0, from); index < to; index++) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known += 1;
  }
  return sum / known;
}

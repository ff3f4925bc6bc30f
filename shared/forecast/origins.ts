import type { EpochMs } from '../grid/units.ts';
import type { ErrorsByHour } from './band.ts';
import { LOOKBACK_HOURS, type Scaled } from './features.ts';
import { daysBack, remainingLevel } from './profile.ts';

/** Errors up to this many hours ahead decide whether the weather is used: most jobs wait no longer. */
const DECIDING_HOURS = 33;
/** Days of known past that a usual day needs before deviations from it teach anything. */
const WARM_UP_HOURS = 16 * 24;
/** The plain profile is tested from the fourth day on. */
const FIRST_TESTED_PROFILE_HOUR = 72;
/** The band comes from the errors of the last quarter of the rows, at most so many. */
export const MOST_TESTED_ROWS = 60 * 24;

/** What is known at `start` plus index hours, and how far ahead to look. */
export interface Lesson {
  readonly start: EpochMs;
  readonly own: Scaled;
  readonly neighbours: readonly Scaled[];
  readonly horizonHours: number;
  /** See {@link bandFrom}. */
  readonly bandShares?: readonly number[] | undefined;
}

/** What a learnt part adds to the plain profile `ahead` hours after an origin, in gCO2eq/kWh; NaN where it cannot say. */
export type Corrector = (origin: number) => (ahead: number) => number;

/** Usual value plus what remains of the last deviation, `ahead` hours after the last known hour before `origin`. */
export function plainProfile(own: Scaled, origin: number, ahead: number, usual: number): number {
  return usual + remainingLevel(own.past.deviation[origin - 1] ?? 0, ahead);
}

/** Value minus plain profile; NaN when either is unknown. */
export function surprise(own: Scaled, origin: number, ahead: number): number {
  const usual = own.past.usual[daysBack(ahead) - 1]?.[origin + ahead] ?? Number.NaN;
  return (own.past.values[origin + ahead] ?? Number.NaN) - plainProfile(own, origin, ahead, usual);
}

/** Origins whose last day and whole horizon are known. */
export function taughtOrigins({ own, horizonHours }: Lesson): number[] {
  const { values } = own.past;
  const first = values.findIndex((value) => !Number.isNaN(value)) + WARM_UP_HOURS + LOOKBACK_HOURS;
  const origins: number[] = [];
  let known = 0;
  for (let hour = 0; hour < values.length; hour++) {
    known = Number.isNaN(values[hour]) ? 0 : known + 1;
    const origin = hour + 1 - horizonHours;
    if (known >= horizonHours + 24 && origin >= first) origins.push(origin);
  }
  return origins;
}

/** Origins at which the plain profile alone can be tested. */
export function testedProfileOrigins({ own }: Lesson): number[] {
  const { values } = own.past;
  const first = values.findIndex((value) => !Number.isNaN(value)) + FIRST_TESTED_PROFILE_HOUR;
  const origins: number[] = [];
  for (let origin = Math.max(first, values.length - MOST_TESTED_ROWS); origin < values.length; origin++) {
    if (!Number.isNaN(values[origin - 1])) origins.push(origin);
  }
  return origins;
}

/** Errors of the plain profile with a learnt part at the tested origins. */
export function testedErrors(lesson: Lesson, origins: readonly number[], corrector?: Corrector): ErrorsByHour {
  const errors: number[][] = Array.from({ length: lesson.horizonHours }, () => []);
  for (const origin of origins) {
    const learntAt = corrector?.(origin);
    for (let ahead = 0; ahead < lesson.horizonHours; ahead++) {
      const error = surprise(lesson.own, origin, ahead) - (learntAt?.(ahead) ?? 0);
      if (!Number.isNaN(error)) errors[ahead]?.push(error);
    }
  }
  return errors;
}

/** Mean squared error over the hours that decide; NaN when there is none. */
export function decidingError(errors: ErrorsByHour): number {
  let [squares, count] = [0, 0];
  for (const all of errors.slice(0, DECIDING_HOURS)) {
    for (const error of all) squares += error * error;
    count += all.length;
  }
  return squares / count;
}

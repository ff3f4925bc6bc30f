import type { EpochMs } from '../grid/units.ts';
import { type Band, bandFrom, type ErrorsByHour } from './band.ts';
import { inputCount, LOOKBACK_HOURS, type Scaled, writeInputs } from './features.ts';
import { daysBack, remainingLevel } from './profile.ts';
import { addRow, type NormalEquations, normalEquations, solveRidge } from './ridge.ts';

const PENALTY = 100;
/** Errors up to this many hours ahead decide how far the learnt part is trusted: most jobs wait no longer. */
const JUDGED_HOURS = 33;
/** A row a year old counts half. */
const HALF_LIFE_HOURS = 365 * 24;
/** Days of known past that a usual day needs before deviations from it teach anything. */
const WARM_UP_HOURS = 16 * 24;
const FEWEST_ROWS = 14 * 24;
/** The band comes from the errors of the last quarter of the rows, at most so many. */
const MOST_TESTED_ROWS = 60 * 24;
/** Every third hour is tested: it meets all times of day and saves two thirds of the work. */
const TESTED_STEP = 3;
/** The plain profile is tested from the fourth day on. */
const FIRST_TESTED_PROFILE_HOUR = 72;

/** What is known at `start` plus index hours, and how far ahead to look. */
export interface Lesson {
  readonly start: EpochMs;
  readonly own: Scaled;
  readonly neighbours: readonly Scaled[];
  readonly horizonHours: number;
}

/** Coefficients (inputs × hours ahead) on top of the plain profile, and the band of the whole. */
export interface Learnt {
  /** Absent while the history is too short: the plain profile is used alone. */
  readonly coefficients?: Float64Array;
  readonly band: Band;
}

/** Usual value plus what remains of the last deviation, `ahead` hours after the last known hour before `origin`. */
export function plainProfile(own: Scaled, origin: number, ahead: number, usual: number): number {
  return usual + remainingLevel(own.past.deviation[origin - 1] ?? 0, ahead);
}

/** Learns from every hour of the past that has a whole horizon behind it; undefined when there is not even a band. */
export function learn(lesson: Lesson): Learnt | undefined {
  const { neighbours, horizonHours } = lesson;
  const origins = taughtOrigins(lesson);
  if (origins.length < FEWEST_ROWS) {
    const band = bandFrom(testedErrors(lesson, testedProfileOrigins(lesson)));
    return band && { band };
  }
  const tested = origins.slice(-Math.min(MOST_TESTED_ROWS, Math.floor(origins.length / 4)));
  const sums = normalEquations(inputCount(neighbours.length), horizonHours);
  const untested = addRows(lesson, sums, origins, 0, (tested[0] as number) - horizonHours);
  const sample = tested.filter((_, index) => index % TESTED_STEP === 0);
  const early = solveRidge(sums, PENALTY);
  const trust = earnedTrust(lesson, sample, early);
  addRows(lesson, sums, origins, untested, Number.POSITIVE_INFINITY);
  const band = bandFrom(testedErrors(lesson, sample, scaled(early, trust)));
  return band && { coefficients: scaled(solveRidge(sums, PENALTY), trust), band };
}

function scaled(coefficients: Float64Array, factor: number): Float64Array {
  return coefficients.map((coefficient) => factor * coefficient);
}

/** The factor (0 to 1) by which learnt corrections would have met the tested rows best: windy zones teach less than sunny ones. */
function earnedTrust(lesson: Lesson, tested: readonly number[], coefficients: Float64Array): number {
  const { start, own, neighbours, horizonHours } = lesson;
  const inputs = new Float64Array(inputCount(neighbours.length));
  let met = 0;
  let squares = 0;
  for (const origin of tested) {
    writeInputs(inputs, start, origin, own, neighbours);
    for (let ahead = 0; ahead < Math.min(JUDGED_HOURS, horizonHours); ahead++) {
      const learnt = own.scale * correction(coefficients, inputs, ahead, horizonHours);
      met += learnt * surprise(own, origin, ahead);
      squares += learnt * learnt;
    }
  }
  return squares === 0 ? 0 : Math.min(1, Math.max(0, met / squares));
}

/** Adds the origins from an index on that are at most `last`; the index of the first one left. */
function addRows(
  { start, own, neighbours, horizonHours }: Lesson,
  sums: NormalEquations,
  origins: readonly number[],
  from: number,
  last: number,
): number {
  const inputs = new Float64Array(sums.inputs);
  const targets = new Float64Array(horizonHours);
  for (let index = from; index < origins.length; index++) {
    const origin = origins[index] as number;
    if (origin > last) return index;
    writeInputs(inputs, start, origin, own, neighbours);
    for (let ahead = 0; ahead < horizonHours; ahead++) targets[ahead] = surprise(own, origin, ahead) / own.scale;
    addRow(sums, inputs, targets, 2 ** ((origin - own.past.values.length) / HALF_LIFE_HOURS));
  }
  return origins.length;
}

/** Sum of inputs times coefficients for one hour ahead: the learnt correction in units of the scale. */
export function correction(coefficients: Float64Array, inputs: Float64Array, ahead: number, horizon: number): number {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) {
    sum += (inputs[i] as number) * (coefficients[i * horizon + ahead] as number);
  }
  return sum;
}

/** Reading minus plain profile; NaN when either is unknown. */
function surprise(own: Scaled, origin: number, ahead: number): number {
  const usual = own.past.usual[daysBack(ahead) - 1]?.[origin + ahead] ?? Number.NaN;
  return (own.past.values[origin + ahead] ?? Number.NaN) - plainProfile(own, origin, ahead, usual);
}

/** Origins whose last day and whole horizon are known. */
function taughtOrigins({ own, horizonHours }: Lesson): number[] {
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

function testedProfileOrigins({ own }: Lesson): number[] {
  const { values } = own.past;
  const first = values.findIndex((value) => !Number.isNaN(value)) + FIRST_TESTED_PROFILE_HOUR;
  const origins: number[] = [];
  for (let origin = Math.max(first, values.length - MOST_TESTED_ROWS); origin < values.length; origin++) {
    if (!Number.isNaN(values[origin - 1])) origins.push(origin);
  }
  return origins;
}

function testedErrors(lesson: Lesson, origins: readonly number[], coefficients?: Float64Array): ErrorsByHour {
  const { start, own, neighbours, horizonHours } = lesson;
  const errors: number[][] = Array.from({ length: horizonHours }, () => []);
  const inputs = new Float64Array(inputCount(neighbours.length));
  for (const origin of origins) {
    if (coefficients) writeInputs(inputs, start, origin, own, neighbours);
    for (let ahead = 0; ahead < horizonHours; ahead++) {
      const learnt = coefficients ? own.scale * correction(coefficients, inputs, ahead, horizonHours) : 0;
      const error = surprise(own, origin, ahead) - learnt;
      if (!Number.isNaN(error)) errors[ahead]?.push(error);
    }
  }
  return errors;
}

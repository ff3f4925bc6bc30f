import { type Band, bandFrom } from './band.ts';
import { inputCount, writeInputs } from './features.ts';
import { learnWeather, type WeatherLearnt } from './learn-weather.ts';
import {
  type Corrector,
  type Lesson,
  MOST_TESTED_ROWS,
  surprise,
  taughtOrigins,
  testedErrors,
  testedProfileOrigins,
} from './origins.ts';
import {
  addRow,
  correction,
  type NormalEquations,
  normalEquations,
  penaltyOf,
  rowWeight,
  solveRidge,
} from './ridge.ts';
import type { WeatherTerm } from './weather.ts';

const FEWEST_ROWS = 14 * 24;
/** Every third hour is tested: it meets all times of day and saves two thirds of the work. */
const TESTED_STEP = 3;

/** Coefficients (inputs × hours ahead) on top of the plain profile, and the band of the whole. */
export interface Learnt {
  /** Absent while the history is too short: the plain profile is used alone. */
  readonly coefficients?: Float64Array;
  readonly band: Band;
  /** Absent without weather, or where it was no gain in the last weeks. */
  readonly weather?: WeatherLearnt;
}

/** Learns from every hour of the past that has a whole horizon behind it; undefined when there is not even a band. */
export function learn(lesson: Lesson, weather?: readonly WeatherTerm[]): Learnt | undefined {
  const { neighbours, horizonHours } = lesson;
  const origins = taughtOrigins(lesson);
  if (origins.length < FEWEST_ROWS) {
    const band = bandFrom(testedErrors(lesson, testedProfileOrigins(lesson)), lesson.bandShares);
    return band && { band };
  }
  const tested = origins.slice(-Math.min(MOST_TESTED_ROWS, Math.floor(origins.length / 4)));
  const sums = normalEquations(inputCount(neighbours.length), horizonHours);
  const untested = addRows(lesson, sums, origins, 0, (tested[0] as number) - horizonHours);
  const sample = tested.filter((_, index) => index % TESTED_STEP === 0);
  const tried = corrector(lesson, solveRidge(sums, penaltyOf(sums)));
  addRows(lesson, sums, origins, untested, Number.POSITIVE_INFINITY);
  const band = bandFrom(testedErrors(lesson, sample, tried), lesson.bandShares);
  if (!band) return undefined;
  const learntWeather = weather && learnWeather(lesson, weather, { origins, tested: sample, without: tried });
  return {
    coefficients: solveRidge(sums, penaltyOf(sums)),
    band,
    ...(learntWeather && { weather: learntWeather }),
  };
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
    addRow(sums, inputs, targets, rowWeight(own.past.values.length - origin));
  }
  return origins.length;
}

/** What coefficients add to the plain profile. */
function corrector({ start, own, neighbours, horizonHours }: Lesson, coefficients: Float64Array): Corrector {
  const inputs = new Float64Array(inputCount(neighbours.length));
  return (origin) => {
    writeInputs(inputs, start, origin, own, neighbours);
    return (ahead) => own.scale * correction(coefficients, inputs, ahead, horizonHours);
  };
}

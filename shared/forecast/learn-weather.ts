import { type Band, bandFrom } from './band.ts';
import { inputCount, writeInputs } from './features.ts';
import { type Corrector, decidingError, type Lesson, surprise, testedErrors } from './origins.ts';
import {
  addRow,
  correction,
  type NormalEquations,
  normalEquations,
  penaltyOf,
  rowWeight,
  solveRidge,
} from './ridge.ts';
import { PRESENT_INPUTS, WEATHER_TERMS, type WeatherTerm, writeWeatherAhead, writeWeatherNow } from './weather.ts';

/** Weather is kept when it made the mean squared error of the last weeks smaller than this share of that without. */
const WORTHWHILE = 0.98;
const FEWEST_ROWS = 28 * 24;
/** Weight of squared coefficients of the weather ahead. */
const WEATHER_PENALTY = 100;
/** Share of the origins with weather that are learnt from before the others test it. */
const TAUGHT_SHARE = 0.75;

/** Coefficients of a model whose inputs include the weather. */
export interface WeatherLearnt {
  /** Of the inputs with the present weather: inputs × hours ahead. */
  readonly coefficients: Float64Array;
  /** Of the weather of the hour ahead: terms × hours ahead. */
  readonly ahead: Float64Array;
  /** Root mean square of the deviation of each term of the weather. */
  readonly scales: readonly number[];
  readonly band: Band;
}

/** What the model without weather was learnt from and tested on. */
interface Rival {
  readonly origins: readonly number[];
  readonly tested: readonly number[];
  /** The model without weather, learnt from what came before the tested origins. */
  readonly without: Corrector;
}

/** Learns with the weather; undefined where too little of it is known, or where it was no gain at the tested origins. */
export function learnWeather(lesson: Lesson, terms: readonly WeatherTerm[], rival: Rival): WeatherLearnt | undefined {
  const { horizonHours } = lesson;
  const sums = weatherSums(lesson);
  const known = knownOrigins(lesson, terms, rival.origins);
  // An archive of weather is often shorter than the history: a quarter of what is known of it is tested, not of the history.
  const first = Math.max(rival.tested[0] ?? 0, known[Math.floor(known.length * TAUGHT_SHARE)] ?? 0);
  addWeatherRows(
    lesson,
    terms,
    sums,
    known.filter((origin) => origin <= first - horizonHours),
  );
  if (sums.own.rows < FEWEST_ROWS) return undefined;
  const early = solveWeather(sums, lesson);
  const with_ = weatherCorrector(lesson, terms, early);
  const tested = rival.tested.filter((origin) => origin >= first && !Number.isNaN(with_(origin)(0)));
  const errors = testedErrors(lesson, tested, with_);
  const gain = decidingError(errors) / decidingError(testedErrors(lesson, tested, rival.without));
  const band = bandFrom(errors, lesson.bandShares);
  if (!band || !(gain < WORTHWHILE)) return undefined;
  addWeatherRows(
    lesson,
    terms,
    sums,
    known.filter((origin) => origin > first - horizonHours),
  );
  return {
    ...solveWeather(sums, lesson),
    scales: terms.map(({ scale }) => scale),
    band,
  };
}

/** Origins at which the weather of the first and of the last hour ahead is known. */
function knownOrigins(
  { horizonHours }: Lesson,
  terms: readonly WeatherTerm[],
  origins: readonly number[],
): readonly number[] {
  const out = new Float64Array(WEATHER_TERMS);
  return origins.filter(
    (origin) => writeWeatherAhead(out, terms, origin, 0) && writeWeatherAhead(out, terms, origin, horizonHours - 1),
  );
}

/** Sums of one ridge for each hour ahead that share their inputs, and differ in the weather of the hour ahead. */
interface WeatherSums {
  /** Targets: the surprises, then each term of the weather, by hours ahead. */
  readonly own: NormalEquations;
  /** By hour ahead: products of the terms with each other, and with the surprise (last column). */
  readonly cross: Float64Array;
}

const CROSS_WIDTH = WEATHER_TERMS + 1;

function weatherSums({ neighbours, horizonHours }: Lesson): WeatherSums {
  return {
    own: normalEquations(inputCount(neighbours.length) + PRESENT_INPUTS, horizonHours * (1 + WEATHER_TERMS)),
    cross: new Float64Array(horizonHours * WEATHER_TERMS * CROSS_WIDTH),
  };
}

/** Adds the origins at which the weather of the whole horizon is known. */
function addWeatherRows(
  lesson: Lesson,
  terms: readonly WeatherTerm[],
  { own: sums, cross }: WeatherSums,
  origins: readonly number[],
): void {
  const { own, horizonHours } = lesson;
  const inputs = new Float64Array(sums.inputs);
  const targets = new Float64Array(sums.targets);
  const weather = new Float64Array(WEATHER_TERMS);
  for (const origin of origins) {
    let isKnown = true;
    for (let ahead = 0; ahead < horizonHours && isKnown; ahead++) {
      isKnown = writeWeatherAhead(weather, terms, origin, ahead);
      targets[ahead] = surprise(own, origin, ahead) / own.scale;
      for (let term = 0; term < WEATHER_TERMS; term++)
        targets[(term + 1) * horizonHours + ahead] = weather[term] as number;
    }
    if (!isKnown) continue;
    writeAll(inputs, lesson, terms, origin);
    const weight = rowWeight(own.past.values.length - origin);
    addRow(sums, inputs, targets, weight);
    addCross(cross, targets, horizonHours, weight);
  }
}

function addCross(cross: Float64Array, targets: Float64Array, horizonHours: number, weight: number): void {
  let at = 0;
  for (let ahead = 0; ahead < horizonHours; ahead++) {
    for (let row = 1; row <= WEATHER_TERMS; row++) {
      const scaled = weight * (targets[row * horizonHours + ahead] as number);
      for (let column = 1; column <= WEATHER_TERMS; column++)
        cross[at] = (cross[at++] as number) + scaled * (targets[column * horizonHours + ahead] as number);
      cross[at] = (cross[at++] as number) + scaled * (targets[ahead] as number);
    }
  }
}

function writeAll(inputs: Float64Array, lesson: Lesson, terms: readonly WeatherTerm[], origin: number): void {
  writeInputs(inputs, lesson.start, origin, lesson.own, lesson.neighbours);
  writeWeatherNow(inputs, inputs.length - PRESENT_INPUTS, terms, origin);
}

/**
 * Solves the ridge of each hour ahead exactly by its Schur complement: the inputs that all hours share are factorised once,
 * and what they explain of the weather ahead and of the surprise is taken out before the weather's own coefficients.
 */
function solveWeather({ own, cross }: WeatherSums, { horizonHours }: Lesson) {
  const { inputs, targets, moments } = own;
  const explained = solveRidge(own, penaltyOf(own));
  const coefficients = new Float64Array(inputs * horizonHours);
  const aheadOf = new Float64Array(WEATHER_TERMS * horizonHours);
  for (let ahead = 0; ahead < horizonHours; ahead++) {
    const rest = normalEquations(WEATHER_TERMS, 1);
    const offset = ahead * WEATHER_TERMS * CROSS_WIDTH;
    const unexplained = (row: number, column: number): number => {
      let sum = 0;
      for (let i = 0; i < inputs; i++) {
        const moment = moments[i * targets + (row + 1) * horizonHours + ahead] as number;
        sum += moment * (explained[i * targets + column * horizonHours + ahead] as number);
      }
      const product = column === 0 ? WEATHER_TERMS : column - 1;
      return (cross[offset + row * CROSS_WIDTH + product] as number) - sum;
    };
    for (let row = 0; row < WEATHER_TERMS; row++) {
      for (let column = 0; column <= row; column++)
        rest.gram[row * WEATHER_TERMS + column] = unexplained(row, column + 1);
      rest.moments[row] = unexplained(row, 0);
    }
    const weather = solveRidge(rest, WEATHER_PENALTY);
    for (let term = 0; term < WEATHER_TERMS; term++) aheadOf[term * horizonHours + ahead] = weather[term] as number;
    for (let i = 0; i < inputs; i++) {
      let value = explained[i * targets + ahead] as number;
      for (let term = 0; term < WEATHER_TERMS; term++)
        value -= (explained[i * targets + (term + 1) * horizonHours + ahead] as number) * (weather[term] as number);
      coefficients[i * horizonHours + ahead] = value;
    }
  }
  return { coefficients, ahead: aheadOf };
}

/** What a model with weather adds to the plain profile; NaN for an hour whose weather is unknown. */
export function weatherCorrector(
  lesson: Lesson,
  terms: readonly WeatherTerm[],
  learnt: Pick<WeatherLearnt, 'coefficients' | 'ahead'>,
): Corrector {
  const { own, horizonHours, neighbours } = lesson;
  const inputs = new Float64Array(inputCount(neighbours.length) + PRESENT_INPUTS);
  const weather = new Float64Array(WEATHER_TERMS);
  return (origin) => {
    writeAll(inputs, lesson, terms, origin);
    return (ahead) => {
      if (!writeWeatherAhead(weather, terms, origin, ahead)) return Number.NaN;
      let sum = correction(learnt.coefficients, inputs, ahead, horizonHours);
      for (let term = 0; term < WEATHER_TERMS; term++)
        sum += (weather[term] as number) * (learnt.ahead[term * horizonHours + ahead] as number);
      return own.scale * sum;
    };
  };
}

import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Accuracy } from './accuracy.ts';

/** A forecast of one zone by one source: a provider, or our own from history. */
export interface SourcedForecast {
  /** Name that its points are labelled with, such as `energy-charts` or `history`. */
  readonly source: string;
  /** Full hours in any order; gaps allowed. */
  readonly points: readonly ForecastPoint[];
  /** How good this source was for the zone in the last days; absent or too short: not known. */
  readonly accuracy?: readonly Accuracy[];
}

/** Hours that a joined forecast covers, from the hour in progress on. */
export const JOINED_HOURS = 72;
/** Compared hours below which an accuracy says nothing. */
const FEWEST_COMPARED = 24;
/** Hours at the edge of the provider's forecast whose mean difference is the shift of our own. */
const SEAM_HOURS = 3;
/** Hours after which the shift of our own forecast has faded to 1/e. */
const SEAM_DECAY_HOURS = 12;
/** A source with less weight than this is not named. */
const NAMED_WEIGHT = 0.05;

/**
 * One forecast of up to {@link JOINED_HOURS} hours from a provider's and our own. Where both know an hour, each counts by
 * its recent skill (inverse squared error); without a known skill the provider counts alone. Where only our own knows
 * it, it is shifted to meet the provider's at the seam, the shift fading with the distance. Each point names its source,
 * `provider+history` where both count. Empty when neither knows an hour from `now` on.
 */
export function joinForecasts(
  now: EpochMs,
  provider: SourcedForecast | undefined,
  own: SourcedForecast | undefined,
  horizonHours: number = JOINED_HOURS,
): readonly ForecastPoint[] {
  const present = hourOf(now);
  const theirs = byHour(provider, present, horizonHours);
  const ours = byHour(own, present, horizonHours);
  const shift = shiftsOf(theirs, ours);
  const joined: ForecastPoint[] = [];
  for (let ahead = 0; ahead < horizonHours; ahead++) {
    const [their, our] = [theirs[ahead], ours[ahead]];
    if (their && provider && our && own) joined.push(blended(their, provider, our, own, ahead));
    else if (their && provider) joined.push({ ...their, source: provider.source });
    else if (our && own) joined.push({ ...shifted(our, shift[ahead] ?? 0), source: own.source });
  }
  return joined;
}

function byHour(forecast: SourcedForecast | undefined, present: EpochMs, hours: number): (ForecastPoint | undefined)[] {
  const points: (ForecastPoint | undefined)[] = new Array(hours).fill(undefined);
  for (const point of forecast?.points ?? []) {
    const ahead = (point.datetime - present) / HOUR_MS;
    if (Number.isInteger(ahead) && ahead >= 0 && ahead < hours) points[ahead] = point;
  }
  return points;
}

function blended(
  their: ForecastPoint,
  provider: SourcedForecast,
  our: ForecastPoint,
  own: SourcedForecast,
  ahead: number,
): ForecastPoint {
  const weight = weightOfProvider(provider.accuracy, own.accuracy, ahead);
  const value = weight * their.carbonIntensity + (1 - weight) * our.carbonIntensity;
  if (weight > 1 - NAMED_WEIGHT) {
    const band = their.low !== undefined && their.high !== undefined ? {} : bandOf(our, their.carbonIntensity);
    return { ...their, ...band, source: provider.source };
  }
  if (weight < NAMED_WEIGHT) return { ...our, source: own.source };
  const source = `${provider.source}+${own.source}`;
  return { datetime: our.datetime, carbonIntensity: gramsPerKwh(value), ...bandOf(our, value), source };
}

/** Weight (0 to 1) of the provider for an hour ahead: errors are taken as independent, so each counts by the inverse of its square. */
function weightOfProvider(
  theirs: SourcedForecast['accuracy'],
  ours: SourcedForecast['accuracy'],
  ahead: number,
): number {
  const [their, our] = [errorAt(theirs, ahead), errorAt(ours, ahead)];
  if (their === undefined || our === undefined || their + our === 0) return 1;
  // By the ratio: the squares of very small errors are 0.
  return 1 / (1 + (their / our) ** 2);
}

/** Mean absolute error of the measured hour ahead that is nearest; undefined when too few hours were compared. */
function errorAt(accuracy: readonly Accuracy[] | undefined, ahead: number): number | undefined {
  let nearest: Accuracy | undefined;
  for (const measured of accuracy ?? []) {
    if (measured.compared < FEWEST_COMPARED) continue;
    if (!nearest || Math.abs(measured.hoursAhead - ahead) < Math.abs(nearest.hoursAhead - ahead)) nearest = measured;
  }
  return nearest?.meanAbsoluteError;
}

/** By hour: what is added to our own forecast so that it meets the provider's at the nearest edges; 0 where both know the hour. */
function shiftsOf(
  theirs: readonly (ForecastPoint | undefined)[],
  ours: readonly (ForecastPoint | undefined)[],
): Float64Array {
  const shifts = new Float64Array(ours.length);
  const differenceAt = (hour: number): number | undefined => {
    const [their, our] = [theirs[hour], ours[hour]];
    return their && our ? their.carbonIntensity - our.carbonIntensity : undefined;
  };
  for (const step of [1, -1] as const) {
    let last: number[] = [];
    let distance = 0;
    for (let n = 0; n < ours.length; n++) {
      const hour = step === 1 ? n : ours.length - 1 - n;
      const difference = differenceAt(hour);
      distance += 1;
      if (difference !== undefined) {
        last = distance === 1 ? [...last, difference].slice(-SEAM_HOURS) : [difference];
        distance = 0;
      } else if (!theirs[hour] && last.length > 0) {
        shifts[hour] = (shifts[hour] as number) + Math.exp(-distance / SEAM_DECAY_HOURS) * mean(last);
      }
    }
  }
  return limitedWithin(shifts, theirs);
}

/** Within a gap both edges add up; half of it is their mean. */
function limitedWithin(shifts: Float64Array, theirs: readonly (ForecastPoint | undefined)[]): Float64Array {
  const first = theirs.findIndex((point) => point !== undefined);
  const last = theirs.findLastIndex((point) => point !== undefined);
  return shifts.map((shift, hour) => (hour > first && hour < last ? shift / 2 : shift));
}

function shifted(point: ForecastPoint, shift: number): ForecastPoint {
  const value = Math.max(point.carbonIntensity + shift, Math.min(0, point.carbonIntensity));
  return { ...point, carbonIntensity: gramsPerKwh(value), ...bandOf(point, value) };
}

/** The band of a point around another value; none where the point has none. */
function bandOf({ low, high, carbonIntensity }: ForecastPoint, value: number): Pick<ForecastPoint, 'low' | 'high'> {
  if (low === undefined || high === undefined) return {};
  return {
    low: gramsPerKwh(Math.max(value + low - carbonIntensity, Math.min(0, value))),
    high: gramsPerKwh(value + high - carbonIntensity),
  };
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

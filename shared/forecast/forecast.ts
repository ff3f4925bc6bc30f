import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { Band } from './band.ts';
import { type Shape, usualShape } from './climatology.ts';
import { inputCount, LEVEL_HOURS, LOOKBACK_HOURS, type Scaled, writeInputs } from './features.ts';
import { firstDaysForecast } from './first-days.ts';
import { learn } from './learn.ts';
import { type WeatherLearnt, weatherCorrector } from './learn-weather.ts';
import { closestZones } from './neighbours.ts';
import { plainProfile } from './origins.ts';
import { daysBack, describePast, PROFILE_DAYS, usualAt } from './profile.ts';
import { correction } from './ridge.ts';
import { countKnown, cut, type HourlySeries, lastKnownHour } from './series.ts';
import { weatherTerms, type ZoneWeather } from './weather.ts';

/** How far ahead a forecast looks unless asked otherwise. */
const HORIZON_HOURS = 72;
/** Fewer known hours than this in the last four weeks, and there is no forecast. */
const LEAST_KNOWN_HOURS = 20;
/** Fewer known hours than this in the last four weeks, and nothing is learnt: the zone's usual shape fills in. */
const LEAST_TAUGHT_HOURS = 7 * 24;
/** A newest value older than this, and there is no forecast. */
const OLDEST_LAST_VALUE_HOURS = 72;
const MOST_TAUGHT_HOURS = 365 * 24;
/** A forecast stays within what the zone has shown, widened by this share of its range. */
const BEYOND_SHOWN = 0.1;

/** What a forecast may see: hours that begin after `now` are ignored, the hour in progress counts when it is there. */
export interface ForecastRequest {
  readonly zone: Zone;
  readonly now: EpochMs;
  /** Hourly past of the zone itself and of any others, all of one signal and one method. */
  readonly histories: ReadonlyMap<Zone, HourlySeries>;
  /** Default 72. */
  readonly horizonHours?: number;
  /** The usual shape of the zone's days, for the first weeks; default: {@link usualShape}. */
  readonly shape?: Shape;
  /** The weather of the zone itself as it was forecast; absent: nothing is learnt from it. */
  readonly weather?: ZoneWeather | undefined;
  /** Shares of the band by group of hours ahead, as a former model's were adapted; default: calibrated on the history. */
  readonly bandShares?: readonly number[] | undefined;
  /** Whether `now` is past and the weather of later hours is to be taken as it was known then; default false. */
  readonly isHindsight?: boolean;
}

/** What was learnt about a zone; serves for about a week of forecasts, refreshed once a day at no great cost. */
export interface ForecastModel {
  /** Absent while the history is too short to learn from: the usual day and the zone's usual shape are used. */
  readonly coefficients?: Float64Array;
  /** Absent where no error could be measured yet. */
  readonly band?: Band;
  /** Absent without weather, or where it was no gain in the zone's last weeks. */
  readonly weather?: WeatherLearnt;
  readonly shape: Shape;
  readonly zone: Zone;
  readonly fittedAt: EpochMs;
  readonly horizonHours: number;
  readonly scale: number;
  readonly neighbours: readonly { readonly zone: Zone; readonly scale: number }[];
  readonly shown: { readonly least: number; readonly most: number };
}

/** The next hours of a zone from hourly history, from the hour in progress on; undefined with less than a day of it, or none of the last three days. */
export function forecast(request: ForecastRequest): readonly ForecastPoint[] | undefined {
  const model = fitForecast(request);
  return model && forecastWith(model, request);
}

/** Learns from the last year of the histories as far as they reach; undefined with less than a day. About 0.1 s for a full year. */
export function fitForecast(request: ForecastRequest): ForecastModel | undefined {
  const { zone, histories, horizonHours = HORIZON_HOURS } = request;
  const series = histories.get(zone);
  const end = series && knownEnd(series, request.now);
  if (!series || end === undefined) return undefined;
  const hours = Math.min(MOST_TAUGHT_HOURS + PROFILE_DAYS * 24, (end - series.start) / HOUR_MS);
  const start = end - hours * HOUR_MS;
  const raw = cut(series, start, hours);
  const own = describe(raw, 0, daysBack(horizonHours - 1));
  const neighbours = closestZones(zone, histories, end, hours).map(({ zone: other, strength }) => {
    const { past, scale } = describe(cut(histories.get(other), start, hours), 0, 1);
    // Made small, so that the penalty lets a zone that hardly moves alike say little.
    return { zone: other, past, scale: scale / strength ** 2 };
  });
  const weeks = countKnown(raw.subarray(-PROFILE_DAYS * 24));
  const span = { start, hours, ahead: horizonHours, firstHour: 0 };
  const terms = request.weather && weatherTerms(request.weather, span);
  const learnt =
    weeks < LEAST_TAUGHT_HOURS
      ? undefined
      : learn({ start, own, neighbours, horizonHours, bandShares: request.bandShares }, terms);
  return {
    ...learnt,
    shape: request.shape ?? usualShape(zone),
    zone,
    fittedAt: request.now,
    horizonHours,
    scale: own.scale,
    neighbours: neighbours.map((other) => ({ zone: other.zone, scale: other.scale })),
    shown: range(raw),
  };
}

/** The next hours according to a model fitted earlier and the histories of now. Takes about a millisecond. */
export function forecastWith(
  model: ForecastModel,
  request: Omit<ForecastRequest, 'zone'>,
): readonly ForecastPoint[] | undefined {
  const { histories, now } = request;
  const series = histories.get(model.zone);
  const end = series && knownEnd(series, now);
  if (!series || end === undefined) return undefined;
  const firstHour = PROFILE_DAYS * 24;
  const hours = firstHour + LEVEL_HOURS;
  const start = end - hours * HOUR_MS;
  const past = (of: Zone, scale: number): Scaled => ({
    scale,
    past: describePast(cut(histories.get(of), start, hours), hours - LOOKBACK_HOURS, 1),
  });
  const own = past(model.zone, model.scale);
  const others = model.neighbours.map(({ zone, scale }) => past(zone, scale));
  const points: ForecastPoint[] = [];
  const present = hourOf(now);
  if (end > present) points.push(reading(present, own.past.values[hours - 1] as number));
  const wanted = request.horizonHours ?? model.horizonHours;
  const learnt = learntAt(model, { start, own, neighbours: others, hours, request });
  const { band, shape } = model;
  let firstDays: ((ahead: number) => ForecastPoint) | undefined;
  for (let time = Math.max(end, present); points.length < wanted; time += HOUR_MS) {
    const ahead = (time - end) / HOUR_MS;
    const usual = usualAt(own.past.values, hours + ahead, daysBack(ahead));
    const added = Number.isNaN(usual) ? undefined : learnt?.(ahead);
    if (added) {
      points.push(pointOf(model, time, ahead, plainProfile(own, hours, ahead, usual) + added.value, added.band));
      continue;
    }
    firstDays ??= firstDaysForecast({ values: own.past.values, end, shape, band });
    points.push(firstDays(ahead));
  }
  return points;
}

/** What is known when a model forecasts: the hours `[0, hours)` from `start`. */
interface Present {
  readonly start: EpochMs;
  readonly hours: number;
  readonly own: Scaled;
  readonly neighbours: readonly Scaled[];
  readonly request: Pick<ForecastRequest, 'weather' | 'isHindsight'>;
}

/** What the model adds to the plain profile by hour ahead, with the weather where that is known, and the band of it; undefined for a model that learnt nothing. */
function learntAt(model: ForecastModel, { start, hours, own, neighbours, request }: Present) {
  const { weather, isHindsight } = request;
  const { coefficients, band, horizonHours, scale } = model;
  if (!coefficients || !band) return undefined;
  const lesson = { start, own, neighbours, horizonHours };
  const inputs = new Float64Array(inputCount(neighbours.length));
  writeInputs(inputs, start, hours, own, neighbours);
  const span = { start, hours, ahead: horizonHours, firstHour: hours - LOOKBACK_HOURS, isHindsight };
  const byWeather =
    model.weather &&
    weather &&
    weatherCorrector(lesson, weatherTerms(weather, span, model.weather.scales), model.weather)(hours);
  return (ahead: number): { readonly value: number; readonly band: Band } => {
    if (ahead >= horizonHours) return { value: 0, band };
    const value = byWeather?.(ahead) ?? Number.NaN;
    return Number.isNaN(value) || !model.weather
      ? { value: scale * correction(coefficients, inputs, ahead, horizonHours), band }
      : { value, band: model.weather.band };
  };
}

/** A point within what the zone has shown, a little beyond at most. */
function pointOf(
  { horizonHours, shown }: ForecastModel,
  datetime: EpochMs,
  ahead: number,
  expected: number,
  band: Band,
): ForecastPoint {
  const margin = BEYOND_SHOWN * (shown.most - shown.least);
  const value = Math.min(Math.max(expected, shown.least - margin, Math.min(0, shown.least)), shown.most + margin);
  const asTested = Math.min(ahead, horizonHours - 1);
  return {
    datetime,
    carbonIntensity: gramsPerKwh(value),
    low: gramsPerKwh(Math.max(value + (band.below[asTested] as number), Math.min(0, shown.least))),
    high: gramsPerKwh(value + (band.above[asTested] as number)),
  };
}

function reading(datetime: EpochMs, value: number): ForecastPoint {
  return { datetime, carbonIntensity: gramsPerKwh(value), low: gramsPerKwh(value), high: gramsPerKwh(value) };
}

/** End of the newest known hour; undefined when it is too old or too few hours before it are known. */
function knownEnd(series: HourlySeries, now: EpochMs): EpochMs | undefined {
  const last = lastKnownHour(series, now);
  if (last === undefined || hourOf(now) - last > OLDEST_LAST_VALUE_HOURS * HOUR_MS) return undefined;
  const end = last + HOUR_MS;
  const weeks = PROFILE_DAYS * 24;
  return countKnown(cut(series, end - weeks * HOUR_MS, weeks)) < LEAST_KNOWN_HOURS ? undefined : end;
}

/** A past with the root mean square of its deviations. */
function describe(raw: Float64Array, firstHour: number, days: number): Scaled {
  const past = describePast(raw, firstHour, days);
  let squares = 0;
  for (const deviation of past.deviation) squares += deviation * deviation;
  return { past, scale: Math.sqrt(squares / past.deviation.length) || 1 };
}

function range(values: Float64Array): { least: number; most: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most };
}

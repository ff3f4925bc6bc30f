import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { inputCount, LEVEL_HOURS, LOOKBACK_HOURS, type Scaled, writeInputs } from './features.ts';
import { correction, type Learnt, learn, plainProfile } from './learn.ts';
import { closestZones } from './neighbours.ts';
import { daysBack, describePast, PROFILE_DAYS, usualAt } from './profile.ts';
import { countKnown, cut, type HourlySeries, lastKnownHour } from './series.ts';

/** How far ahead a forecast looks unless asked otherwise. */
const HORIZON_HOURS = 72;
/** Fewer known hours than this in the last four weeks, and there is no forecast. */
const LEAST_KNOWN_HOURS = 7 * 24;
/** A newest reading older than this, and there is no forecast. */
const OLDEST_LAST_READING_HOURS = 24;
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
}

/** What was learnt about a zone; serves for about a week of forecasts, refreshed once a day at no great cost. */
export interface ForecastModel extends Learnt {
  readonly zone: Zone;
  readonly fittedAt: EpochMs;
  readonly horizonHours: number;
  readonly scale: number;
  readonly neighbours: readonly { readonly zone: Zone; readonly scale: number }[];
  readonly shown: { readonly least: number; readonly most: number };
}

/** The next hours of a zone from hourly history alone, from the hour in progress on; undefined when that is too little or too old. */
export function forecast(request: ForecastRequest): readonly ForecastPoint[] | undefined {
  const model = fitForecast(request);
  return model && forecastWith(model, request);
}

/** Learns from the last year of the histories; undefined when the zone's is too short. About 0.1 s for a full year. */
export function fitForecast(request: ForecastRequest): ForecastModel | undefined {
  const { zone, histories, horizonHours = HORIZON_HOURS } = request;
  const series = histories.get(zone);
  const end = series && knownEnd(series, request.now);
  if (!series || end === undefined) return undefined;
  const hours = Math.min(MOST_TAUGHT_HOURS + PROFILE_DAYS * 24, (end - series.start) / HOUR_MS);
  const start = end - hours * HOUR_MS;
  const raw = cut(series, start, hours);
  const own = describe(raw, 0, daysBack(horizonHours - 1));
  const neighbours = closestZones(zone, histories, end, hours).map((other) => ({
    zone: other,
    ...describe(cut(histories.get(other), start, hours), 0, 1),
  }));
  const learnt = learn({ start, own, neighbours, horizonHours });
  if (!learnt) return undefined;
  return {
    ...learnt,
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
  const inputs = new Float64Array(inputCount(model.neighbours.length));
  const others = model.neighbours.map(({ zone, scale }) => past(zone, scale));
  if (model.coefficients) writeInputs(inputs, start, hours, own, others);

  const points: ForecastPoint[] = [];
  const present = hourOf(now);
  if (end > present) points.push(reading(present, own.past.values[hours - 1] as number));
  const wanted = request.horizonHours ?? model.horizonHours;
  for (let time = Math.max(end, present); points.length < wanted; time += HOUR_MS) {
    const ahead = (time - end) / HOUR_MS;
    const usual = usualAt(own.past.values, hours + ahead, daysBack(ahead));
    if (Number.isNaN(usual)) return undefined;
    points.push(point(model, time, ahead, plainProfile(own, hours, ahead, usual), inputs));
  }
  return points;
}

function point(model: ForecastModel, datetime: EpochMs, ahead: number, plain: number, inputs: Float64Array) {
  const { band, coefficients, horizonHours, scale, shown } = model;
  const learnt = coefficients && ahead < horizonHours;
  const expected = learnt ? plain + scale * correction(coefficients, inputs, ahead, horizonHours) : plain;
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
  if (last === undefined || hourOf(now) - last > OLDEST_LAST_READING_HOURS * HOUR_MS) return undefined;
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

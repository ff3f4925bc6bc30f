import type { EpochMs } from '../grid/units.ts';
import { daysBack, describePast, type Past, usualAt } from './profile.ts';
import { cut, type HourlySeries } from './series.ts';

/** Weather of a zone by the hour, weighted over its points; an unknown hour is NaN or outside the series. */
export interface Weather {
  /** Wind at hub height in m/s. */
  readonly wind: HourlySeries;
  /** Air temperature at 2 m in °C. */
  readonly temperature: HourlySeries;
  /** Short-wave radiation on the ground in W/m², mean of the hour. */
  readonly radiation: HourlySeries;
}

/**
 * Weather forecasts of a zone as they were known. Entry d holds for each hour the forecast made about d days before it;
 * entry 0 goes on into the future with the newest forecast. With fewer entries than days ahead the last one serves.
 */
export interface ZoneWeather {
  readonly byLead: readonly [Weather, ...Weather[]];
}

/** One of the ways in which the weather of an hour enters. */
interface Term {
  readonly of: keyof Weather;
  readonly change?: (value: number) => number;
}

/** With curvature where plants or demand answer to it unevenly. */
const TERMS: readonly Term[] = [
  { of: 'wind' },
  { of: 'wind', change: (speed) => speed ** 2 },
  { of: 'radiation' },
  { of: 'temperature' },
  { of: 'temperature', change: (degrees) => (degrees - MILD_DEGREES) ** 2 },
];
/** Neither heated nor cooled. */
const MILD_DEGREES = 16;
/** The terms whose present deviation from the usual is an input, too: wind, its square, radiation. */
const PRESENT_TERMS = 3;
/** A deviation of this size, in m/s, W/m² or °C, is none. */
const ROUNDING = 1e-6;
/** First and last lag in hours of the present deviations. */
const PRESENT_BLOCKS = [
  [1, 1],
  [1, 24],
] as const;

/** Terms that describe the weather of an hour ahead. */
export const WEATHER_TERMS: number = TERMS.length;
/** Inputs that describe the weather up to the origin. */
export const PRESENT_INPUTS: number = PRESENT_TERMS * PRESENT_BLOCKS.length;

/** One term of a zone's weather on the axis of hours of its past. */
export interface WeatherTerm {
  /** What was forecast on the day itself, and what was usual. */
  readonly past: Past;
  /** By days of lead: the values of the past and of the hours ahead. */
  readonly byLead: readonly Float64Array[];
  /** Root mean square of the deviations from the usual. */
  readonly scale: number;
}

/** The hours of a zone's weather that are described. */
export interface WeatherSpan {
  readonly start: EpochMs;
  /** Known ones. */
  readonly hours: number;
  /** Further ones. */
  readonly ahead: number;
  /** The usual is computed from this hour on. */
  readonly firstHour: number;
  /** Whether each hour ahead is taken as the forecast of that lead had it; default: only to learn. */
  readonly isHindsight?: boolean | undefined;
}

/**
 * The terms of a zone's weather from `start` over `hours` known ones and `ahead` further ones. To forecast, with the scales
 * of an earlier fit, the newest forecast serves for all hours; to learn, without, each as it was known.
 */
export function weatherTerms(
  weather: ZoneWeather,
  span: WeatherSpan,
  scales?: readonly number[],
): readonly WeatherTerm[] {
  const { start, hours, ahead, firstHour, isHindsight = scales === undefined } = span;
  return TERMS.map(({ of, change }, index) => {
    const byLead = weather.byLead.slice(0, isHindsight ? undefined : 1).map((known) => {
      const values = cut(known[of], start, hours + ahead);
      return change ? values.map(change) : values;
    });
    const past = describePast((byLead[0] as Float64Array).slice(0, hours), firstHour, scales ? 1 : daysBack(ahead - 1));
    return { past, byLead, scale: scales?.[index] ?? rootMeanSquare(past.deviation) };
  });
}

/** Writes by how much the weather of an hour ahead is expected to differ from the usual, as the forecasts of that lead had it; false where it is unknown. */
export function writeWeatherAhead(
  out: Float64Array,
  terms: readonly WeatherTerm[],
  origin: number,
  ahead: number,
): boolean {
  let isKnown = true;
  for (const [index, { past, byLead, scale }] of terms.entries()) {
    const lead = Math.min(byLead.length - 1, Math.round(ahead / 24));
    const usual =
      past.usual[daysBack(ahead) - 1]?.[origin + ahead] ?? usualAt(past.values, origin + ahead, daysBack(ahead));
    const value = ((byLead[lead]?.[origin + ahead] ?? Number.NaN) - usual) / scale;
    if (Number.isNaN(value)) isKnown = false;
    out[index] = value;
  }
  return isKnown;
}

/** Writes by how much the weather before the origin differed from the usual, from `offset` on. */
export function writeWeatherNow(
  out: Float64Array,
  offset: number,
  terms: readonly WeatherTerm[],
  origin: number,
): void {
  let next = offset;
  for (const { past, scale } of terms.slice(0, PRESENT_TERMS)) {
    for (const [near, far] of PRESENT_BLOCKS) {
      let sum = 0;
      for (let lag = near; lag <= far; lag++) sum += past.deviation[origin - lag] ?? 0;
      out[next++] = sum / (far - near + 1) / scale;
    }
  }
}

/** Of deviations; 1 where they are rounding errors only, which are not weather. */
function rootMeanSquare(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  const size = Math.sqrt(squares / values.length);
  return size > ROUNDING ? size : 1;
}

import type { ForecastPoint } from '../grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS } from '../grid/units.ts';
import type { Band } from './band.ts';
import type { Shape } from './climatology.ts';
import { daysBack, dayWeight, PROFILE_DAYS } from './profile.ts';
import { countKnown } from './series.ts';
import { daysThatShapeCounts } from './shape-weight.ts';

/** Hours after which a value counts 1/e for the level. */
const LEVEL_HOURS = 24;
/** Hours in which a deviation from what is usual fades to 1/e, once it is known what is usual. */
const FADING_HOURS = 24;
/** After one day known, a deviation from the shape of other zones fades in a third of it: it is the shape that is wrong. */
const FADING_HOURS_BY_DAY = 8;
/** A deviation from what is usual counts half where the usual rests on the root of so many days, and fully where on many. */
const DOUBTED_SQUARE_DAYS = 0.6;
/** Standard deviations to either edge of a band that nothing is measured for yet: 80 % of a normal distribution, and a third more. */
const WIDE = 1.7;

/** A past that is too short to learn from: hourly values up to the first unknown hour, which begins at `end`. */
export interface ShortPast {
  readonly values: Float64Array;
  readonly end: EpochMs;
  readonly shape: Shape;
  /** Measured errors of such forecasts, where there are enough. */
  readonly band?: Band | undefined;
}

/**
 * Forecasts hours by hours after the last known one: the same hour on the days that are known, and the zone's usual shape at
 * its present level as if it were some more of them, plus what remains of the last deviation.
 */
export function firstDaysForecast(past: ShortPast): (ahead: number) => ForecastPoint {
  const { values, end, shape, band } = past;
  const level = levelOf(past);
  const shapeDays = daysThatShapeCounts(past);
  const usual = (ahead: number) => usualAt(past, level, shapeDays, ahead);
  const deviation = lastDeviation(values.at(-1) ?? Number.NaN, usual(-1));
  const fading = shape.isOwn ? FADING_HOURS : Math.min(FADING_HOURS, (FADING_HOURS_BY_DAY * countKnown(values)) / 24);
  const wide = WIDE * shape.spread * level;
  return (ahead) => {
    const value = Math.max(0, usual(ahead).value + deviation * Math.exp(-(ahead + 1) / fading));
    const below = Math.min(band?.below[ahead] ?? -wide, 0);
    const above = Math.max(band?.above[ahead] ?? wide, 0);
    return {
      datetime: end + ahead * HOUR_MS,
      carbonIntensity: gramsPerKwh(value),
      low: gramsPerKwh(Math.max(0, value + below)),
      high: gramsPerKwh(value + above),
    };
  };
}

/** The present level: what the last days were, by what their hours usually are. */
function levelOf({ values, end, shape }: ShortPast): number {
  let sum = 0;
  let usualSum = 0;
  for (let index = Math.max(0, values.length - PROFILE_DAYS * 24); index < values.length; index++) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    const age = values.length - index;
    const weight = Math.exp(-age / LEVEL_HOURS);
    sum += weight * value;
    usualSum += weight * shape(end - age * HOUR_MS);
  }
  return sum / usualSum;
}

/** What the days and the shape make usual `ahead` hours after the last known one, and how many days that rests on. */
function usualAt({ values, end, shape }: ShortPast, level: number, shapeDays: number, ahead: number) {
  let days = shapeDays;
  let sum = days * level * shape(end + ahead * HOUR_MS);
  for (let day = Math.max(1, daysBack(ahead)); day <= PROFILE_DAYS; day++) {
    const value = values[values.length + ahead - 24 * day];
    if (value === undefined || Number.isNaN(value)) continue;
    sum += dayWeight(day) * value;
    days += dayWeight(day);
  }
  return { value: sum / days, days };
}

/** The last value minus what is usual for its hour, shrunk where the usual rests on little; 0 where it is not known. */
function lastDeviation(last: number, { value, days }: { readonly value: number; readonly days: number }): number {
  return Number.isNaN(last) ? 0 : ((last - value) * days ** 2) / (days ** 2 + DOUBTED_SQUARE_DAYS);
}

import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';

/** Intensity hour by hour in gCO2eq/kWh; an unknown hour is NaN. */
export interface HourlySeries {
  /** Start of the first hour. */
  readonly start: EpochMs;
  readonly values: Float64Array;
}

/** Gaps of at most this many hours are bridged by a straight line while learning; never shown to anyone. */
const BRIDGED_GAP_HOURS = 6;

/** Readings in any order as a series, the last of several for one hour winning; undefined when there is none. */
export function hourlySeries(
  readings: Iterable<{ readonly datetime: EpochMs; readonly carbonIntensity: number }>,
): HourlySeries | undefined {
  const byHour = new Map<EpochMs, number>();
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const { datetime, carbonIntensity } of readings) {
    if (!Number.isFinite(datetime) || !Number.isFinite(carbonIntensity)) continue;
    const hour = hourOf(datetime);
    byHour.set(hour, carbonIntensity);
    start = Math.min(start, hour);
    end = Math.max(end, hour);
  }
  if (byHour.size === 0) return undefined;
  const values = new Float64Array((end - start) / HOUR_MS + 1).fill(Number.NaN);
  for (const [hour, value] of byHour) values[(hour - start) / HOUR_MS] = value;
  return { start, values };
}

/** The part of a series in `[from, from + hours)`, NaN where it knows nothing. */
export function cut(series: HourlySeries | undefined, from: EpochMs, hours: number): Float64Array {
  const part = new Float64Array(hours).fill(Number.NaN);
  if (!series) return part;
  const shift = Math.round((from - series.start) / HOUR_MS);
  const first = Math.max(0, -shift);
  const last = Math.min(hours, series.values.length - shift);
  for (let index = first; index < last; index++) {
    const value = series.values[index + shift] as number;
    if (Number.isFinite(value)) part[index] = value;
  }
  return part;
}

/** Start of the last known hour that begins at or before `now`; undefined when there is none. */
export function lastKnownHour(series: HourlySeries, now: EpochMs): EpochMs | undefined {
  const newest = Math.floor((now - series.start) / HOUR_MS);
  for (let index = Math.min(newest, series.values.length - 1); index >= 0; index--) {
    if (Number.isFinite(series.values[index])) return series.start + index * HOUR_MS;
  }
  return undefined;
}

/** How many hours of the values are known. */
export function countKnown(values: Float64Array): number {
  let known = 0;
  for (const value of values) if (!Number.isNaN(value)) known += 1;
  return known;
}

/** Values with short gaps between two known hours filled by a straight line; longer gaps stay. */
export function bridged(values: Float64Array): Float64Array {
  const out = values.slice();
  let previous = -1;
  for (let index = 0; index < out.length; index++) {
    if (Number.isNaN(out[index])) continue;
    const gap = index - previous - 1;
    if (previous >= 0 && gap > 0 && gap <= BRIDGED_GAP_HOURS) {
      const from = out[previous] as number;
      const step = ((out[index] as number) - from) / (gap + 1);
      for (let k = 1; k <= gap; k++) out[previous + k] = from + k * step;
    }
    previous = index;
  }
  return out;
}

import table from '../data/climatology.json' with { type: 'json' };
import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import { placeOfZone } from '../grid/zone-places.ts';
import type { Zone } from '../grid/zones.ts';
import type { HourlySeries } from './series.ts';

/** How a zone's intensity usually runs over a day, relative to its level of those weeks, by month and kind of day. */
export interface Climatology {
  /** By month (0 is January), then by hour of the day: intensity divided by the mean of the month; on Monday to Friday. */
  readonly weekday: readonly (readonly number[])[];
  /** The same on Saturday and Sunday. */
  readonly weekend: readonly (readonly number[])[];
  /** Standard deviation of an hour's intensity around this, as a share of the level. */
  readonly spread: number;
}

/** The expected intensity of an hour as a multiple of the zone's present level. */
export interface Shape {
  (time: EpochMs): number;
  /** See {@link Climatology.spread}. */
  readonly spread: number;
  /** Whether it was made from the zone's own years, and not from those of others. */
  readonly isOwn: boolean;
}

const ZONES: ReadonlyMap<string, Climatology> = new Map(Object.entries(table.zones));
const HOURS_OF_WEEK = 168;

/**
 * The usual shape of a zone's days: from its own past years where the data file has them, else the mean shape of all
 * zones at the same solar time, which knows only that nights differ from days. Flat for a zone of unknown place.
 */
export function usualShape(zone: Zone): Shape {
  const own = ZONES.get(zone);
  if (own) return shapeOf(own, { isOwn: true });
  const place = placeOfZone(zone);
  if (!place) return Object.assign(() => 1, { spread: table.generic.spread, isOwn: false });
  return shapeOf(table.generic, { offsetMs: solarOffsetMs(place.longitude), isSouthern: place.latitude < 0 });
}

/** How a climatology is used for a zone. */
export interface ShapeOptions {
  /** Added to UTC before hours are looked up; default 0. */
  readonly offsetMs?: number;
  /** In the south the seasons are half a year apart; default false. */
  readonly isSouthern?: boolean;
  /** Whether it is the zone's own; default false. */
  readonly isOwn?: boolean;
}

/** A climatology as a function of time. */
export function shapeOf({ weekday, weekend, spread }: Climatology, options: ShapeOptions = {}): Shape {
  const { offsetMs = 0, isSouthern = false, isOwn = false } = options;
  const at = (time: EpochMs): number => {
    const local = new Date(time + offsetMs);
    const days = isWeekend(local) ? weekend : weekday;
    return days[(local.getUTCMonth() + (isSouthern ? 6 : 0)) % 12]?.[local.getUTCHours()] ?? 1;
  };
  return Object.assign(at, { spread, isOwn });
}

/** Solar time minus UTC of a longitude in degrees east, in whole hours. */
export function solarOffsetMs(longitude: number): number {
  return Math.round(longitude / 15) * HOUR_MS;
}

/**
 * Makes a climatology from whole years of hourly intensity. Months are averaged with half of each neighbour, because one
 * month of one year has only four weekends. Hours that are not known are left out.
 */
export function climatologyOf(series: readonly HourlySeries[], offsetMs = 0): Climatology {
  const cells = [0, 1].map(() =>
    Array.from({ length: 12 }, () => Array.from({ length: 24 }, () => [0, 0] as [number, number])),
  );
  const errors: [number, Date][] = [];
  for (const { start, values } of series) {
    for (const [hour, value] of values.entries()) {
      const level = levelBefore(values, hour);
      if (Number.isNaN(value) || !(level > 0)) continue;
      const local = new Date(start + hour * HOUR_MS + offsetMs);
      const cell = cells[isWeekend(local) ? 1 : 0]?.[local.getUTCMonth()]?.[local.getUTCHours()];
      if (cell) [cell[0], cell[1]] = [cell[0] + value / level, cell[1] + 1];
      errors.push([value / level, local]);
    }
  }
  const [weekday = [], weekend = []] = cells.map(smoothed);
  const shape = shapeOf({ weekday, weekend, spread: 0 });
  let squares = 0;
  for (const [ratio, local] of errors) squares += (ratio - shape(local.getTime())) ** 2;
  return { weekday, weekend, spread: Math.sqrt(squares / Math.max(1, errors.length)) };
}

/** Mean of the week around an hour; NaN where too little of it is known. */
function levelBefore(values: Float64Array, hour: number): number {
  const from = Math.min(Math.max(0, hour - HOURS_OF_WEEK / 2), Math.max(0, values.length - HOURS_OF_WEEK));
  let [sum, known] = [0, 0];
  for (const value of values.subarray(from, from + HOURS_OF_WEEK)) {
    if (Number.isNaN(value)) continue;
    sum += value;
    known += 1;
  }
  return known < HOURS_OF_WEEK / 2 ? Number.NaN : sum / known;
}

function smoothed(months: readonly (readonly (readonly [number, number])[])[]): number[][] {
  return months.map((hours, month) =>
    hours.map((_, hour) => {
      let [sum, count] = [0, 0];
      for (const [offset, weight] of [
        [-1, 0.5],
        [0, 1],
        [1, 0.5],
      ] as const) {
        const [total, known] = months[(month + offset + 12) % 12]?.[hour] ?? [0, 0];
        sum += weight * total;
        count += weight * known;
      }
      return count === 0 ? 1 : Math.round((1000 * sum) / count) / 1000;
    }),
  );
}

function isWeekend(local: Date): boolean {
  return local.getUTCDay() === 0 || local.getUTCDay() === 6;
}

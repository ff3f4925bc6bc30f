import { QUALITIES } from '../../grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { HourPrices, TimeRange } from '../../records/power.ts';
import { HOURS_OF_DAY } from './folded-days.ts';

/** A part of a piece of time that is read in one way. */
export interface PieceRange extends TimeRange {
  readonly pieceAt: number;
}

/** Every list of prices, and one more for what has none. */
function listsOf(prices: readonly HourPrices[]): readonly HourPrices[] {
  return [...prices, () => undefined];
}

/** Intensity and place of the quality of an hour; nulls where they are not known. */
function priceOf(at: HourPrices, hour: EpochMs): readonly [grams: number | null, quality: number | null] {
  const price = at(hour);
  return price === undefined ? [null, null] : [price.carbonIntensity, QUALITIES.indexOf(price.quality)];
}

/** Columns for hours: list, hour in seconds since 1970, piece, gCO2eq/kWh and place of the quality. */
export function hourPriceColumns(prices: readonly HourPrices[], parts: readonly PieceRange[]): unknown[][] {
  const rows: (number | null)[][] = [];
  for (const [list, at] of listsOf(prices).entries())
    for (const { from, to, pieceAt } of parts)
      for (let hour = from; hour < to; hour += HOUR_MS) rows.push([list, hour / 1000, pieceAt, ...priceOf(at, hour)]);
  return columnsOf(rows, 5);
}

/** Columns for days: list, day in seconds since 1970, piece, the one quality of all hours, 24 intensities (0: unknown) and 24 qualities. */
export function dayPriceColumns(prices: readonly HourPrices[], days: readonly PieceRange[]): unknown[][] {
  const rows: (number | null)[][] = [];
  for (const [list, at] of listsOf(prices).entries())
    for (const { from, pieceAt } of days) {
      const hours = HOURS_OF_DAY.map((hour) => priceOf(at, from + hour * HOUR_MS));
      const qualities = hours.map(([, quality]) => quality);
      const one = new Set(qualities).size === 1 ? (qualities[0] ?? null) : null;
      rows.push([list, from / 1000, pieceAt, one, ...hours.map(([grams]) => grams ?? 0), ...qualities]);
    }
  return columnsOf(rows, 4 + 2 * HOURS_OF_DAY.length);
}

function columnsOf(rows: readonly (readonly (number | null)[])[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column]));
}

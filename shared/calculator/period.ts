import { nearest } from '../grid/nearest.ts';
import { type EpochMs, HOUR_MS, hourOf, isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import { calculatorError } from './error.ts';

const DAY_MS = 24 * HOUR_MS;

/** Periods that have a name, with their length. Each ends with the last full hour. */
const NAMED: ReadonlyMap<string, number> = new Map([
  ['last-24h', DAY_MS],
  ['last-7d', 7 * DAY_MS],
  ['last-30d', 30 * DAY_MS],
]);

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** From 1970 to 9998: all times that a calendar and every store can represent. */
export const ALWAYS: TimeRange = { from: 0, to: Date.UTC(9999, 0) };

/** Reads `last-24h`, `last-7d`, `last-30d` or `FROM..TO` (dates or times in UTC, TO not included). */
export function parsePeriod(text: string, now: EpochMs): TimeRange {
  const length = NAMED.get(text.trim().toLowerCase());
  if (length !== undefined) return { from: hourOf(now) - length, to: hourOf(now) };
  const [from, to, ...rest] = text.split('..');
  if (from !== undefined && to !== undefined && rest.length === 0) return rangeOf(from, to);
  throw calculatorError('PERIOD_INVALID', {
    value: text,
    nearest: nearestPeriod(text) ?? 'last-24h',
    example: `${day(now - DAY_MS)}..${day(now)}`,
  });
}

/** The period between two written times; an error when one is not a time or they are not in order. */
export function rangeOf(from: string, to: string): TimeRange {
  const range = { from: parseTime(from), to: parseTime(to) };
  if (range.from < range.to) return range;
  if (range.from > range.to) throw calculatorError('PERIOD_REVERSED', { from, to });
  throw calculatorError('PERIOD_EMPTY', { from, to, nearest: `${day(range.from)}..${day(range.from + DAY_MS)}` });
}

/** A written date or time as UTC; without a zone it is UTC. */
export function parseTime(text: string): EpochMs {
  const written = text.trim();
  const zoned = written.length > 10 && !/(Z|[+-]\d{2}:\d{2})$/.test(written) ? `${written}Z` : written;
  const time = DATE.test(written) ? Date.parse(zoned) : Number.NaN;
  // Date.parse takes 2026-02-30 for 2 March: a day that is not in the calendar is an error, not another day.
  const rolled =
    !Number.isNaN(time) && !/[+-]\d{2}:\d{2}$/.test(zoned) && isoTime(time).slice(0, 10) !== written.slice(0, 10);
  if (!Number.isNaN(time) && !rolled) return time;
  throw calculatorError('DATE_INVALID', { value: text });
}

/** The period of the same length that ends where this one starts. */
export function periodBefore({ from, to }: TimeRange): TimeRange {
  return { from: from - (to - from), to: from };
}

/** A period as people write it, in UTC, with times only where it does not run from midnight to midnight. */
export function writtenPeriod({ from, to }: TimeRange): string {
  return from % DAY_MS === 0 && to % DAY_MS === 0 ? `${day(from)}..${day(to)}` : `${minute(from)}..${minute(to)}`;
}

function day(time: EpochMs): string {
  return isoTime(time).slice(0, 10);
}

function minute(time: EpochMs): string {
  return `${isoTime(time).slice(0, 16)}Z`;
}

function nearestPeriod(text: string): string | undefined {
  if (/week/i.test(text)) return 'last-7d';
  if (/month/i.test(text)) return 'last-30d';
  return nearest(text, NAMED.keys());
}

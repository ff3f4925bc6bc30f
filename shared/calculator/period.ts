import { nearest } from '../errors/nearest.ts';
import { type EpochMs, HOUR_MS, hourOf, isoTime } from '../grid/units.ts';
import type { TimeRange } from '../records/power.ts';
import { CalculatorError } from './error.ts';

const DAY_MS = 24 * HOUR_MS;

/** Periods that have a name, with their length. Each ends with the last full hour. */
const NAMED: ReadonlyMap<string, number> = new Map([
  ['last-24h', DAY_MS],
  ['last-7d', 7 * DAY_MS],
  ['last-30d', 30 * DAY_MS],
]);

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** All times that a calendar and every store can tell. */
export const ALWAYS: TimeRange = { from: 0, to: Date.UTC(9999, 0) };

/** Reads `last-24h`, `last-7d`, `last-30d` or `FROM..TO` (dates or times in UTC, TO not included). */
export function parsePeriod(text: string, now: EpochMs): TimeRange {
  const length = NAMED.get(text.trim().toLowerCase());
  if (length !== undefined) return { from: hourOf(now) - length, to: hourOf(now) };
  const [from, to, ...rest] = text.split('..');
  if (from !== undefined && to !== undefined && rest.length === 0) return rangeOf(from, to);
  throw new CalculatorError(
    'bad-period',
    `"${text}" is no period; did you mean "${nearestPeriod(text)}"? (or FROM..TO, such as ${isoTime(now - DAY_MS).slice(0, 10)}..${isoTime(now).slice(0, 10)})`,
  );
}

/** The period between two written times; a fault when one is not a time or they are not in order. */
export function rangeOf(from: string, to: string): TimeRange {
  const range = { from: parseTime(from), to: parseTime(to) };
  if (range.from < range.to) return range;
  throw new CalculatorError(
    'bad-period',
    range.from === range.to
      ? `the period ${from}..${to} is empty, because its end is not included; the nearest day is ${day(range.from)}..${day(range.from + DAY_MS)}`
      : `the period ${from}..${to} ends before it starts; did you mean ${to}..${from}?`,
  );
}

/** A written date or time as UTC; without a zone it is UTC. */
export function parseTime(text: string): EpochMs {
  const written = text.trim();
  const zoned = written.length > 10 && !/(Z|[+-]\d{2}:\d{2})$/.test(written) ? `${written}Z` : written;
  const time = DATE.test(written) ? Date.parse(zoned) : Number.NaN;
  // Date.parse takes 2026-02-30 for 2 March: a day that is not in the calendar is a fault, not another day.
  const rolled =
    !Number.isNaN(time) && !/[+-]\d{2}:\d{2}$/.test(zoned) && isoTime(time).slice(0, 10) !== written.slice(0, 10);
  if (!Number.isNaN(time) && !rolled) return time;
  throw new CalculatorError(
    'bad-period',
    `"${text}" is no time; write a date such as 2026-01-31 or a UTC time such as 2026-01-31T13:00Z`,
  );
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

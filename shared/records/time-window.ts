import { parseInstant } from '../grid/instant.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { TimeRange } from './power.ts';

const DAY_MS = 24 * HOUR_MS;
const UNIT_MS = { m: 60_000, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;
const OFFSET = /^([1-9]\d{0,5}[mhdw]) +offset +([1-9]\d{0,5}[mhdw])$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DURATION = /^([1-9]\d{0,5})([mhdw])$/;
const UNIX_SECONDS = /^\d{9,10}$/;
const UNIX_PAIR = /^(\d{9,10})-(\d{9,10})$/;

/** How a window may be written, for messages and the API's description. */
export const WINDOW_FORMS =
  'a duration such as 24h, 7d or 45m (also "24h offset 1d"), a word (today, yesterday, week, lastweek, month, lastmonth), or two times with a comma between, as 2026-01-01T00:00:00Z,2026-01-02T00:00:00Z, as dates, or in Unix seconds (also with a - between)';

/**
 * Reads a window as OpenCost writes it; undefined when it is not valid. Hours end with the running hour and days with the
 * running day (UTC), both whole, so `24h` is the running hour and the 23 before it; minutes end now.
 */
export function parseWindow(text: string, now: EpochMs): TimeRange | undefined {
  const range = writtenWindow(text, now);
  return range !== undefined && range.from >= 0 && range.from < range.to ? range : undefined;
}

/** The range that a text in the form of a window writes, even one that ends before it starts; undefined: no such form. */
export function writtenWindow(text: string, now: EpochMs): TimeRange | undefined {
  const offset = OFFSET.exec(text);
  if (offset !== null) return writtenWindow(offset[1] ?? '', now - (parseStep(offset[2] ?? '') ?? 0));
  const duration = DURATION.exec(text);
  if (duration !== null) return lastUnits(Number(duration[1]), duration[2] as keyof typeof UNIT_MS, now);
  const pair = UNIX_PAIR.test(text) ? text.split('-') : text.split(',');
  if (pair.length === 2) return between(instant(pair[0] ?? ''), instant(pair[1] ?? ''));
  return named(text, now);
}

/** Milliseconds of a step such as 1h or 1d; undefined when it is not valid. */
export function parseStep(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

function lastUnits(count: number, unit: keyof typeof UNIT_MS, now: EpochMs): TimeRange {
  const grain = unit === 'm' ? 1 : Math.min(UNIT_MS[unit], DAY_MS);
  const to = unit === 'm' ? now : (Math.floor(now / grain) + 1) * grain;
  return { from: to - count * UNIT_MS[unit], to };
}

function named(word: string, now: EpochMs): TimeRange | undefined {
  const day = Math.floor(now / DAY_MS) * DAY_MS;
  // 1970 began on a Thursday; weeks begin on Sunday, as OpenCost has them.
  const week = day - (((day / DAY_MS + 4) % 7) as number) * DAY_MS;
  const date = new Date(now);
  const month = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
  switch (word) {
    case 'today':
      return { from: day, to: day + DAY_MS };
    case 'yesterday':
      return { from: day - DAY_MS, to: day };
    case 'week':
      return { from: week, to: day + DAY_MS };
    case 'lastweek':
      return { from: week - 7 * DAY_MS, to: week };
    case 'month':
      return { from: month(0), to: day + DAY_MS };
    case 'lastmonth':
      return { from: month(-1), to: month(0) };
    default:
      return undefined;
  }
}

function between(from: EpochMs | undefined, to: EpochMs | undefined): TimeRange | undefined {
  return from !== undefined && to !== undefined ? { from, to } : undefined;
}

function instant(text: string): EpochMs | undefined {
  if (UNIX_SECONDS.test(text)) return Number(text) * 1000;
  const time = parseInstant(DATE.test(text) ? `${text}T00:00:00Z` : text);
  return Number.isNaN(time) ? undefined : time;
}

/** How pieces of a window may be added up. */
export const ACCUMULATIONS = [
  ...['true', 'false', 'all', 'none'],
  ...['hour', 'day', 'week', 'month', 'quarter'],
] as const;

/**
 * A window cut into pieces: at multiples of a step, counted from the UTC hour that it begins in, or at the calendar's
 * hours, days, weeks (from Sunday), months or quarters; one piece without either.
 */
export function piecesOf({ from, to }: TimeRange, step: string | undefined, accumulate: string): TimeRange[] {
  const begins: EpochMs[] = [];
  const next = nextBegin(accumulate === 'false' || accumulate === 'none' ? step : accumulate);
  for (let begin = hourOf(from); begin < to; begin = next(begin)) begins.push(begin);
  return begins.map((begin, at) => ({ from: Math.max(begin, from), to: Math.min(begins[at + 1] ?? to, to) }));
}

/** Finds the piece that an hour lies in: hours before and after the window are of the first and the last. */
export function pieceFinder({ from, to }: TimeRange, pieces: readonly TimeRange[]): (time: EpochMs) => number {
  const first = hourOf(from);
  const hours = Math.ceil((to - first) / HOUR_MS);
  const table = new Int32Array(hours);
  let piece = 0;
  for (let hour = 0; hour < hours; hour += 1) {
    while (first + hour * HOUR_MS >= (pieces[piece]?.to ?? Infinity)) piece += 1;
    table[hour] = piece;
  }
  return (time) => table[Math.min(hours - 1, Math.max(0, Math.floor((time - first) / HOUR_MS)))] ?? 0;
}

/** The begin of the piece after the one that begins at a time. */
function nextBegin(unit: string | undefined): (begin: EpochMs) => EpochMs {
  const stepMs = unit === undefined ? undefined : parseStep(unit);
  if (stepMs !== undefined) return (begin) => begin + stepMs;
  const months = (count: number) => (begin: EpochMs) => {
    const date = new Date(begin);
    const month = date.getUTCMonth();
    return Date.UTC(date.getUTCFullYear(), month - (month % count) + count, 1);
  };
  switch (unit) {
    case 'hour':
      return (begin) => begin + HOUR_MS;
    case 'day':
      return (begin) => (Math.floor(begin / DAY_MS) + 1) * DAY_MS;
    case 'week':
      // 1970 began on a Thursday; weeks begin on Sunday.
      return (begin) => (Math.floor((begin / DAY_MS + 4) / 7) + 1) * 7 * DAY_MS - 4 * DAY_MS;
    case 'month':
      return months(1);
    case 'quarter':
      return months(3);
    default:
      return () => Infinity;
  }
}

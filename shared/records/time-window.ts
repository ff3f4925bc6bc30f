import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { TimeRange } from './power.ts';

const DAY_MS = 24 * HOUR_MS;
const UNIT_MS = { m: 60_000, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;
const DURATION = /^([1-9]\d{0,5})([mhdw])$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const UNIX_SECONDS = /^\d{9,10}$/;

/** How a window may be written, for messages and the API's description. */
export const WINDOW_FORMS =
  'a duration such as 24h, 7d or 45m, a word (today, yesterday, week, lastweek, month, lastmonth), or two times with a comma between, as 2026-01-01T00:00:00Z,2026-01-02T00:00:00Z or in Unix seconds';

/**
 * Reads a window as OpenCost writes it; undefined when it is not valid. Hours end with the running hour and days with the
 * running day (UTC), both whole, so `24h` is the running hour and the 23 before it; minutes end now.
 */
export function parseWindow(text: string, now: EpochMs): TimeRange | undefined {
  const duration = DURATION.exec(text);
  if (duration !== null) return lastUnits(Number(duration[1]), duration[2] as keyof typeof UNIT_MS, now);
  const pair = text.split(',');
  if (pair.length === 2) return between(instant(pair[0] ?? ''), instant(pair[1] ?? ''));
  return named(text, now);
}

/** Milliseconds of a step such as 1h or 1d; undefined when it is not valid. */
export function parseStep(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

function lastUnits(count: number, unit: keyof typeof UNIT_MS, now: EpochMs): TimeRange | undefined {
  const grain = unit === 'm' ? 1 : Math.min(UNIT_MS[unit], DAY_MS);
  const to = unit === 'm' ? now : (Math.floor(now / grain) + 1) * grain;
  const from = to - count * UNIT_MS[unit];
  return from >= 0 ? { from, to } : undefined;
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
  return from !== undefined && to !== undefined && from >= 0 && from < to ? { from, to } : undefined;
}

function instant(text: string): EpochMs | undefined {
  if (UNIX_SECONDS.test(text)) return Number(text) * 1000;
  const time = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** A window cut at multiples of a step, counted from the UTC hour that it begins in; one piece without a step. */
export function piecesOf({ from, to }: TimeRange, stepMs: number | undefined): TimeRange[] {
  if (stepMs === undefined) return [{ from, to }];
  const pieces: TimeRange[] = [];
  for (let start = hourOf(from); start < to; start += stepMs)
    pieces.push({ from: Math.max(start, from), to: Math.min(start + stepMs, to) });
  return pieces;
}

import { csvNumber } from '../shared/grid/csv-lines.ts';
import { nearest } from '../shared/grid/nearest.ts';
import { type EpochMs, HOUR_MS } from '../shared/grid/units.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { cliError } from './errors.ts';

/** Length of a time range whose start is not given, in milliseconds: 30 days. */
const DEFAULT_RANGE_MS = 30 * 24 * HOUR_MS;

/** What a number on the command line must be. Both bounds are included unless `above` is given. */
export interface NumberBounds {
  readonly least?: number;
  /** The number must be greater than this. */
  readonly above?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** A number from the command line; throws NUMBER_INVALID with the valid range. */
export function parseNumber(option: string, value: string, bounds: NumberBounds): number {
  const { least = -Infinity, above = -Infinity, most = Infinity, whole = false } = bounds;
  const number = csvNumber(value) ?? Number.NaN;
  const inRange = number >= least && number > above && number <= most && Number.isFinite(number);
  if (inRange && (!whole || Number.isInteger(number))) return number;
  throw cliError('NUMBER_INVALID', { option, value, expected: expectedText(bounds) });
}

function expectedText({ least, above, most, whole }: NumberBounds): string {
  const kind = whole ? 'a whole number' : 'a number';
  if (above !== undefined) return `${kind} above ${above}`;
  if (most === undefined) return `${kind} of at least ${least ?? 0}`;
  return `${kind} from ${least ?? 0} to ${most}`;
}

/** One of a fixed list of words; throws CHOICE_INVALID with the nearest one. */
export function parseChoice<Choice extends string>(option: string, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value.trim());
  if (found !== undefined) return found;
  const suggestion = nearest(value, choices) ?? choices[0] ?? '';
  throw cliError('CHOICE_INVALID', { option, value, choices: choices.join(', '), nearest: suggestion });
}

/** `--from` and `--to` as a time range: to now, and from 30 days before the end, where they are not given. */
export function parseTimeRange(
  options: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: EpochMs,
): TimeRange {
  const to = timeOf('--to', options.to) ?? now;
  const from = timeOf('--from', options.from) ?? to - DEFAULT_RANGE_MS;
  if (from >= to)
    throw cliError('TIME_RANGE_EMPTY', { from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  return { from, to };
}

function timeOf(option: string, value: string | undefined): EpochMs | undefined {
  if (value === undefined) return undefined;
  const isComplete = /^\d{4}-\d\d-\d\d$/.test(value) || /(Z|[+-]\d\d:\d\d)$/.test(value);
  const time = isComplete ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw cliError('TIME_INVALID', { option, value });
  return time;
}

import { DATE_PATTERN, TIME_PATTERN } from '../../../shared/grid/time-patterns.ts';

/**
 * Patterns for the API's description of texts that the server reads with a parser: they have every form that it accepts.
 * What no pattern can say, such as that a time comes after another, the descriptions and the problems say.
 */

const EDGE = String.raw`(${TIME_PATTERN}|${DATE_PATTERN}|\d{9,10})`;
const WORD = 'today|yesterday|week|lastweek|month|lastmonth';

/** Durations of at most 366 days: minutes, hours, days, weeks. */
const YEAR = [
  String.raw`([1-9]\d{0,4}|[1-4]\d{5}|5[01]\d{4}|52[0-6]\d{3}|5270[0-3]\d|527040)m`,
  String.raw`([1-9]\d{0,2}|[1-7]\d{3}|8[0-6]\d\d|87[0-7]\d|878[0-4])h`,
  String.raw`([1-9]\d?|[12]\d\d|3[0-5]\d|36[0-6])d`,
  String.raw`([1-9]|[1-4]\d|5[0-2])w`,
].join('|');
/** Durations of at most 31 days. */
const MONTH = [
  String.raw`([1-9]\d{0,3}|[1-3]\d{4}|4[0-3]\d{3}|44[0-5]\d\d|446[0-3]\d|44640)m`,
  String.raw`([1-9]\d?|[1-6]\d\d|7[0-3]\d|74[0-4])h`,
  String.raw`([1-9]|[12]\d|3[01])d`,
  '[1-4]w',
].join('|');

/** A window of at most 31 or 366 days. */
export function windowPattern(maxDays: 31 | 366): string {
  const span = maxDays === 31 ? MONTH : YEAR;
  return `^((${span})( +offset +(${YEAR}))?|${WORD}|${EDGE},${EDGE}|\\d{9,10}-\\d{9,10})$`;
}

/** A number above 0. */
export const UNITS_PATTERN = String.raw`^(?=.*[1-9])\d{1,15}(\.\d{1,6})?$`;

/** A step in whole hours. */
export const STEP_PATTERN = String.raw`^[1-9]\d{0,4}[hdw]$`;

const TAIL = '%[89AB][0-9A-F]';
/** Percent-encoded text of at most 253 characters; only what is valid UTF-8, and no NUL, which no database takes. */
const ENCODED = `([A-Za-z0-9._~!*'()-]|%(0[1-9A-F]|[1-7][0-9A-F])|%(C[2-9A-F]|D[0-9A-F])${TAIL}|%E0%[AB][0-9A-F]${TAIL}|%E[1-9A-CEF](${TAIL}){2}|%ED%[89][0-9A-F]${TAIL}|%F0%[9AB][0-9A-F](${TAIL}){2}|%F[1-3](${TAIL}){3}|%F4%8[0-9A-F](${TAIL}){2}){0,253}`;

/** A row of the export: four names and a time, percent-encoded, with slashes between; /gpu behind it for a row of GPUs. */
export const ROW_CURSOR_PATTERN = String.raw`^(${ENCODED}/){4}${DATE_PATTERN}T([01]\d|2[0-3])(:|%3A)[0-5]\d(:|%3A)[0-5]\d\.\d{3}Z(/gpu)?$`;

/** A place in the readings of a site: milliseconds and a percent-encoded device, with a slash between. */
export const READING_CURSOR_PATTERN = String.raw`^-?\d{1,15}/${ENCODED}$`;

const PROPERTY = String.raw`(cluster|node|namespace|controllerKind|controllerName|controller|pod|container|department|environment|owner|product|team|services|provider|accountID|(label|annotation|nodeLabel|namespaceLabel)(\[[A-Za-z0-9][A-Za-z0-9._/-]{0,252}\])?)`;
const VALUE = String.raw` *"([^"\\]|\\["\\])*"`;
const COMPARISON = `${PROPERTY} *!?(<~|~>|~)?:${VALUE}( *,${VALUE})*`;

/** Operands with + or with | between them, never both. */
function joined(operand: string): string {
  return String.raw` *${operand} *((\+ *${operand} *)*|(\| *${operand} *)*)`;
}

const GROUP = String.raw`\(${joined(COMPARISON)}\)`;

/**
 * A filter: comparisons joined by + or by |, and grouped by parentheses. The server reads groups within groups as well,
 * which no pattern can describe; an empty filter is none.
 */
export const FILTER_PATTERN = `^(${joined(`(${COMPARISON}|${GROUP})`)}| *)$`;

/** A zone or country code, or nothing: OpenCost's clients send parameters that they leave empty. */
export const ZONE_OR_EMPTY_PATTERN = '^(\\s*[A-Za-z]{2}(-[A-Za-z0-9]+)*\\s*)?$';

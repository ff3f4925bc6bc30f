/**
 * Regular expressions, as text and without anchors, for times that requests write: days that are in the calendar, and ISO
 * 8601 times with at most nine digits of a second, in UTC or with an offset.
 */

const LONG_MONTHS = '(0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])';
const SHORT_MONTHS = '(0[469]|11)-(0[1-9]|[12]\\d|30)';
const FEBRUARY = '02-(0[1-9]|1\\d|2[0-8])';
const LEAP_DAY = '(\\d{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29';

/** A day such as 2026-01-31. */
export const DATE_PATTERN = `(\\d{4}-(${LONG_MONTHS}|${SHORT_MONTHS}|${FEBRUARY})|${LEAP_DAY})`;

const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d';

/** A time such as 2026-01-31T12:00:00Z; without an offset it is UTC. */
export const TIME_PATTERN = `${DATE_PATTERN}T${CLOCK}(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-]${CLOCK})?`;

const KEY = 'carbon-extender-times';
const DASH = '–';

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** Whether times are shown in the viewer's own time zone instead of UTC. */
export function isLocal() {
  return localStorage.getItem(KEY) === 'local';
}

/**
 * Selects the viewer's time zone or UTC for all views; the choice is kept in this browser.
 * @param {boolean} local
 */
export function setLocal(local) {
  localStorage.setItem(KEY, local ? 'local' : 'utc');
}

/** The IANA name of the time zone that times are shown in. */
export function timeZone() {
  return isLocal() ? Intl.DateTimeFormat().resolvedOptions().timeZone : 'UTC';
}

/**
 * Date and time of an instant in the selected time zone.
 * @param {number} ms
 */
export function partsOf(ms) {
  const zone = timeZone();
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    clock: `${parts.hour}:${parts.minute}`,
    hour: String(parts.hour),
    second: String(parts.second),
  };
}

/**
 * A time of day, with the date when `long`; a dash for no time.
 * @param {string | number | null | undefined} instant
 * @param {boolean} [long]
 */
export function time(instant, long = false) {
  if (instant === null || instant === undefined || instant === '') return DASH;
  const { date, clock } = partsOf(new Date(instant).getTime());
  return long ? `${date} ${clock}` : clock;
}

/**
 * Month, day and time of day; a dash for no time.
 * @param {string | number | null | undefined} instant
 */
export function dayTime(instant) {
  return time(instant, true).slice(instant ? 5 : 0);
}

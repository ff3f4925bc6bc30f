import { partsOf, time, timeZone } from '../clock.js';
import { card, h, name, select } from '../dom.js';
import { relativeStep, step } from '../format.js';
import { choose } from '../location.js';

/** @typedef {import('../responses.ts').ApiResponses} Api */

const HOUR_MS = 3_600_000;
const HOURS = 48;
const MAX_ZONES = 60;
const ABSOLUTE_STEPS = ['under 75', '75–150', '150–275', '275–400', '400–600', 'over 600'];
const RELATIVE_STEPS = ['lowest sixth of its range', '', '', '', '', 'highest sixth'];

/**
 * All zones by hour, from a day ago to a day ahead. Colours compare zones (`absolute`), or the hours of one zone within
 * its own range (`zone`). A column is an hour of real time, so days of 23 and 25 hours have that many columns.
 * @param {{zones: readonly string[], recent: Api['intensities'], ahead: Api['forecast'], now: number, scale: string}} data
 */
export function heatMapCard({ zones, recent, ahead, now, scale }) {
  const currentHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  const hours = Array.from({ length: HOURS }, (_, index) => currentHour + (index - 23) * HOUR_MS);
  const past = Map.groupBy(recent, ({ zone }) => zone);
  const rows = zones.slice(0, MAX_ZONES).map((zone) => {
    const recorded = new Map((past.get(zone) ?? []).map(({ hour, value }) => [Date.parse(hour), value]));
    const points = ahead.zones.find((one) => one.zone === zone)?.points ?? [];
    const forecast = new Map(points.map(({ hour, value }) => [Date.parse(hour), value]));
    const cells = hours.map((at) => ({
      at,
      value: recorded.get(at) ?? (at > now ? forecast.get(at) : undefined),
      isForecast: !recorded.has(at),
    }));
    return h('tr', {}, h('th', { scope: 'row' }, name(zone)), cellsOf(cells, scale, currentHour));
  });
  const label = `Carbon intensity by zone and hour (${timeZone()}), in grams per kilowatt-hour`;
  return card(
    'Zones by hour',
    h(
      'div',
      { class: 'controls' },
      select(
        'Colours',
        scale,
        [
          ['absolute', 'Compare zones'],
          ['zone', 'Compare hours of each zone'],
        ],
        (value) => choose({ scale: value === 'absolute' ? undefined : value }),
      ),
    ),
    legend(scale),
    h(
      'div',
      { class: 'scroll heatmap', tabindex: '0', role: 'region', 'aria-label': label },
      h('table', {}, h('caption', { class: 'hidden' }, label), head(hours, currentHour), h('tbody', {}, rows)),
    ),
  );
}

/**
 * Hours in the selected time zone, with the date above the first hour of each day.
 * @param {readonly number[]} hours
 * @param {number} currentHour
 */
function head(hours, currentHour) {
  const days = [...Map.groupBy(hours, (at) => partsOf(at).date)];
  const dayCells = days.map(([date, of]) => h('th', { scope: 'colgroup', colspan: of.length }, date.slice(5)));
  const hourCells = hours.map((at) => h('th', { scope: 'col', class: at === currentHour && 'now' }, partsOf(at).hour));
  return h(
    'thead',
    {},
    h('tr', { class: 'days' }, h('td', {}), dayCells),
    h('tr', {}, h('th', { scope: 'col' }, 'Zone'), hourCells),
  );
}

/**
 * @param {readonly {at: number, value: number | undefined, isForecast: boolean}[]} cells
 * @param {string} scale
 * @param {number} currentHour
 */
function cellsOf(cells, scale, currentHour) {
  const known = cells.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return cells.map(({ at, value, isForecast }) => {
    const colour = value === undefined ? 0 : scale === 'zone' ? relativeStep(value, low, high) : step(value);
    const kind = value === undefined ? 'unknown' : `step-${colour}${isForecast ? ' ahead' : ''}`;
    const text = value === undefined ? 'not known' : `${Math.round(value)}`;
    return h(
      'td',
      { class: `heat ${kind}${at === currentHour ? ' now' : ''}`, title: `${time(at, true)}: ${text}` },
      h('span', { class: 'hidden' }, text),
    );
  });
}

/** @param {string} scale */
function legend(scale) {
  const steps = scale === 'zone' ? RELATIVE_STEPS : ABSOLUTE_STEPS;
  return h(
    'p',
    { class: 'legend' },
    steps.map((text, index) => h('span', {}, h('i', { class: `heat step-${index}` }), ` ${text} `)),
    scale === 'zone'
      ? 'Hatched: not known. Dotted edge: forecast.'
      : 'g/kWh. Hatched: not known. Dotted edge: forecast.',
  );
}

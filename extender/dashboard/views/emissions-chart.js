import { stackedChart } from '../charts/stacked.js';
import { dayTime } from '../clock.js';
import { card, h } from '../dom.js';
import { table } from '../table.js';
import { MEASURES, sumOf } from './measures.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']} Emissions
 * @typedef {import('./measures.js').Unit} Unit
 */

/** Longest name in the legend, in characters. */
const MAX_LABEL = 32;

/**
 * Emissions or energy over time, stacked by row; the previous window and a what-if zone as lines.
 * @param {{current: Emissions, previous: Emissions | undefined, whatIf: Emissions | undefined, zone: string | undefined, unit: Unit, by: string}} data
 */
export function emissionsChart({ current, previous, whatIf, zone, unit, by }) {
  const times = timesOf(current);
  const names = rankedNames(current, unit);
  const layers = names.map((label) => ({
    label: label === '__other__' ? 'other' : shortened(label),
    values: current.data
      .slice(0, times.length)
      .map((piece) => (piece[label] === undefined ? null : MEASURES[unit].of(piece[label]))),
  }));
  /** @type {import('../charts/chart.js').ChartSeries[]} */
  const lines = [];
  if (previous)
    lines.push({
      label: 'window before',
      token: '--muted',
      dash: [4, 4],
      values: totalsOf(previous, unit).slice(0, times.length),
    });
  if (whatIf && unit === 'grams')
    lines.push({
      label: `all in ${zone}`,
      token: '--forecast',
      dash: [8, 4],
      values: totalsOf(whatIf, unit).slice(0, times.length),
    });
  const { title, axis } = MEASURES[unit];
  const label = `${title} by ${by}. The table below has the totals of each step.`;
  return card(title, stackedChart({ label, times, layers, lines, unit: axis }), stepsTable(current, times, unit));
}

/**
 * Starts of the steps so far: a window of whole days has some that lie ahead, and nothing is known of them.
 * @param {Emissions} response
 */
function timesOf({ meta }) {
  const starts = meta.pieces.map(({ start }) => Date.parse(start));
  const now = Date.now();
  return starts.filter((start) => start <= now);
}

/**
 * A name that fits into the legend: its end, by which pods of one workload differ.
 * @param {string} text
 */
function shortened(text) {
  return text.length > MAX_LABEL ? `…${text.slice(-MAX_LABEL)}` : text;
}

/**
 * Row names by their total, largest first, with the rest at the end.
 * @param {Emissions} response
 * @param {Unit} unit
 */
function rankedNames({ data }, unit) {
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const piece of data)
    for (const [name, row] of Object.entries(piece))
      totals.set(name, (totals.get(name) ?? 0) + (MEASURES[unit].of(row) ?? 0));
  const rest = (/** @type {string} */ name) => (name === '__other__' ? 1 : 0);
  return [...totals].sort(([a, x], [b, y]) => rest(a) - rest(b) || y - x).map(([name]) => name);
}

/**
 * The sum of each step; null where nothing is known.
 * @param {Emissions} response
 * @param {Unit} unit
 */
function totalsOf({ data }, unit) {
  return data.map((piece) => sumOf(Object.values(piece), MEASURES[unit].of));
}

/**
 * @param {Emissions} response
 * @param {readonly number[]} times
 * @param {Unit} unit
 */
function stepsTable(response, times, unit) {
  const totals = totalsOf(response, unit);
  const rows = times.map((at, index) => ({ at, total: totals[index] }));
  const columns = [
    { title: 'From', cell: (/** @type {typeof rows[number]} */ { at }) => dayTime(at) },
    {
      title: MEASURES[unit].text,
      numeric: true,
      cell: (/** @type {typeof rows[number]} */ { total }) => MEASURES[unit].format(total),
    },
  ];
  return h('details', {}, h('summary', {}, 'Totals of each step'), table('Totals of each step', columns, rows));
}

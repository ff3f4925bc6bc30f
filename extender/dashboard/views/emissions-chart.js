import { stackedChart } from '../charts/stacked.js';
import { dayTime } from '../clock.js';
import { card, h } from '../dom.js';
import { table } from '../table.js';
import { MEASURES, sumOf } from './measures.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']} Emissions
 * @typedef {import('./measures.js').Unit} Unit
 */

const HOUR_MS = 3_600_000;
/** Longest name in the legend, in characters. */
const MAX_LABEL = 32;

/**
 * Emissions or energy over time, stacked by row; the previous window and a what-if zone as lines.
 * @param {{current: Emissions, previous: Emissions | undefined, whatIf: Emissions | undefined, zone: string | undefined, unit: Unit, by: string}} data
 */
export function emissionsChart({ current, previous, whatIf, zone, unit, by }) {
  const { times, running } = stepsOf(current);
  const short = shortener(current.data.flatMap((piece) => Object.keys(piece)));
  const names = rankedNames(current, unit);
  const layers = names.map((label) => ({
    label: label === '__other__' ? 'other' : short(label),
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
  return card(
    title,
    stackedChart({ label, times, layers, lines, unit: `${axis} per ${stepText(current)}` }),
    running !== undefined &&
      h(
        'p',
        { class: 'note' },
        `The step from ${dayTime(running)} is not over yet: it is in the table, not in the chart.`,
      ),
    stepsTable(current, running === undefined ? times : [...times, running], unit, running),
  );
}

/**
 * Starts of the steps that are over, and of the one that is not: drawn, it would look like a fall. The first step of all
 * is drawn in any case. A window of whole days has steps that lie ahead, and nothing is known of them.
 * @param {Emissions} response
 */
function stepsOf({ meta }) {
  const now = Date.now();
  const begun = meta.pieces.filter(({ start }) => Date.parse(start) <= now);
  const over = begun.filter(({ end }) => Date.parse(end) <= now);
  const startOf = (/** @type {typeof begun[number]} */ { start }) => Date.parse(start);
  const running = over.length > 0 ? begun[over.length] : undefined;
  return { times: (over.length > 0 ? over : begun).map(startOf), running: running && startOf(running) };
}

/**
 * Length of a step: `hour`, `6 h`, `day`.
 * @param {Emissions} response
 */
function stepText({ meta }) {
  const [first] = meta.pieces;
  const hours = first ? Math.round((Date.parse(first.end) - Date.parse(first.start)) / HOUR_MS) : 1;
  if (hours === 1 || hours === 24) return hours === 1 ? 'hour' : 'day';
  return hours % 24 === 0 ? `${hours / 24} d` : `${hours} h`;
}

/**
 * Makes names fit into the legend: without the namespace where all are in the same, and by their ends, by which pods
 * of one workload differ.
 * @param {readonly string[]} names
 * @returns {(name: string) => string}
 */
function shortener(names) {
  const namespaces = new Set(names.filter((name) => name !== '__other__').map((name) => name.split('/')[0]));
  const isShared = namespaces.size === 1 && names.every((name) => name === '__other__' || name.includes('/'));
  return (name) => {
    const text = isShared ? name.slice(name.indexOf('/') + 1) : name;
    return text.length > MAX_LABEL ? `…${text.slice(-MAX_LABEL)}` : text;
  };
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
 * @param {number | undefined} running start of the step that is not over yet
 */
function stepsTable(response, times, unit, running) {
  const totals = totalsOf(response, unit);
  const rows = times.map((at, index) => ({ at, total: totals[index] }));
  const columns = [
    {
      title: 'From',
      cell: (/** @type {typeof rows[number]} */ { at }) => `${dayTime(at)}${at === running ? ' (so far)' : ''}`,
    },
    {
      title: MEASURES[unit].text,
      numeric: true,
      cell: (/** @type {typeof rows[number]} */ { total }) => MEASURES[unit].format(total),
    },
  ];
  return h('details', {}, h('summary', {}, 'Totals of each step'), table('Totals of each step', columns, rows));
}

import { request } from '../api.js';
import { csvText, saveFile } from '../csv.js';
import { bar, card, chip, empty, h, name } from '../dom.js';
import { energy, grams, number, percent } from '../format.js';
import { choose } from '../location.js';
import { table } from '../table.js';
import { bandOf, MEASURES } from './measures.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']} Emissions
 * @typedef {Emissions['data'][number][string]} Row
 * @typedef {object} TableData
 * @property {Emissions} current
 * @property {Emissions | undefined} whatIf
 * @property {string} by
 * @property {string} sort
 * @property {number} offset
 * @property {string | undefined} zone
 * @property {import('./measures.js').Unit} unit
 * @property {URLSearchParams} query
 */

/** Rows of a page. */
export const PAGE_SIZE = 50;

/** What a click on a row's name shows next. @type {Record<string, string>} */
const NEXT_LEVEL = { cluster: 'namespace', namespace: 'workload', workload: 'pod', pod: 'container', node: 'pod' };

/**
 * One page of rows, sorted and searched by the server; a click on a name shows what is inside it.
 * @param {TableData} data
 */
export function emissionsTable(data) {
  const rows = orderedRows(data.current);
  const total = data.current.meta.rows;
  const title = 'Top emitters';
  if (rows.length === 0)
    return card(
      title,
      data.query.has('search')
        ? empty('No rows match', 'Change or clear the search.')
        : empty('No energy is recorded in this window', 'Select a longer window, or remove filters.'),
    );
  const sorting = { by: data.sort, onsort: (/** @type {string} */ by) => choose({ sort: by, offset: undefined }) };
  return card(
    title,
    table(`Emissions by ${data.by}`, columnsOf(data, rows), rows, sorting),
    pager(data.offset, rows.length, total),
    h('p', {}, h('button', { type: 'button', id: 'csv', onclick: () => void saveCsv(data) }, 'Download CSV')),
  );
}

/**
 * Rows in the order of the server: an object would put names that are numbers first.
 * @param {Emissions} response
 */
function orderedRows({ data, meta }) {
  return meta.order.flatMap((key) => data[0]?.[key] ?? []);
}

/**
 * @param {TableData} data
 * @param {readonly Row[]} rows
 * @returns {import('../table.js').TableColumn<Row>[]}
 */
function columnsOf({ by, zone, whatIf, unit }, rows) {
  const other = whatIf?.data[0] ?? {};
  const measure = MEASURES[unit].of;
  const largest = Math.max(...rows.map((row) => measure(row) ?? 0), 1e-9);
  const has = (/** @type {(row: Row) => unknown} */ of) => rows.some((row) => (of(row) ?? null) !== null);
  const title = by.charAt(0).toUpperCase() + by.slice(1);
  return [
    { title, sort: 'name', cell: (row) => h('div', { class: 'whole' }, rowName(row, by)) },
    {
      title: 'Emissions',
      sort: 'grams',
      numeric: true,
      cell: (row) => [h('span', { class: 'value' }, grams(row.grams)), bounds(bandOf(row)?.grams, grams)],
    },
    {
      title: 'Energy',
      sort: 'kwh',
      numeric: true,
      cell: (row) => [energy(row.kwh), bounds(bandOf(row)?.kwh, energy)],
    },
    { title: 'Share', minor: true, cell: (row) => share(measure(row), largest) },
    ...optionalColumns(has),
    ...(zone
      ? [{ title: `In ${zone}`, numeric: true, cell: (/** @type {Row} */ row) => grams(other[row.name]?.grams) }]
      : []),
    { title: 'g/kWh', sort: 'intensity', numeric: true, cell: (row) => number(row.intensity_g_per_kwh) },
    { title: 'Coverage', sort: 'coverage', numeric: true, cell: (row) => percent(row.coverage) },
    { title: 'Quality', cell: (row) => chip(row.quality) },
    { title: 'Power', cell: (row) => chip(row.power_quality) },
  ];
}

/**
 * Columns of what is known of some rows only: a column of dashes says nothing.
 * @param {(of: (row: Row) => unknown) => boolean} has
 * @returns {import('../table.js').TableColumn<Row>[]}
 */
function optionalColumns(has) {
  const { gpu, embodied } = MEASURES;
  return [
    ...(has(gpu.of)
      ? [{ title: 'On GPUs', numeric: true, cell: (/** @type {Row} */ row) => energy(gpu.of(row)) }]
      : []),
    ...(has(embodied.of)
      ? [{ title: 'Embodied', numeric: true, cell: (/** @type {Row} */ row) => grams(embodied.of(row)) }]
      : []),
    ...(has((row) => row.totalCost)
      ? [{ title: 'Cost', numeric: true, cell: (/** @type {Row} */ row) => number(row.totalCost) }]
      : []),
  ];
}

/**
 * @param {number | null} value
 * @param {number} largest
 */
function share(value, largest) {
  return value === null ? '–' : bar(value, largest, 'plain');
}

/**
 * The bounds of a modelled figure, below it.
 * @param {readonly (number | null)[] | undefined} bounds
 * @param {(value: number | null | undefined) => string} format
 */
function bounds(bounds, format) {
  return bounds && bounds[0] !== null && h('small', {}, `${format(bounds[0])} to ${format(bounds[1])}`);
}

/**
 * @param {Row} row
 * @param {string} by
 */
function rowName(row, by) {
  const next = NEXT_LEVEL[by];
  // Energy that belongs to no container has nothing inside.
  if (next === undefined || row.name.startsWith('__')) return name(row.name);
  const onclick = () => choose({ ...row.properties, by: next, offset: undefined, search: undefined, sort: undefined });
  return h('button', { type: 'button', class: 'link', title: `Show ${next}s of ${row.name}`, onclick }, name(row.name));
}

/**
 * @param {number} offset
 * @param {number} shown
 * @param {number} total
 */
function pager(offset, shown, total) {
  if (total <= PAGE_SIZE) return undefined;
  const go = (/** @type {number} */ to) => () => choose({ offset: to === 0 ? undefined : String(to) });
  return h(
    'nav',
    { class: 'pager', 'aria-label': 'Pages' },
    h(
      'button',
      { type: 'button', id: 'page-before', disabled: offset === 0, onclick: go(Math.max(0, offset - PAGE_SIZE)) },
      'Previous',
    ),
    h('span', {}, `${number(offset + 1, 6)} to ${number(offset + shown, 6)} of ${number(total, 6)}`),
    h(
      'button',
      { type: 'button', id: 'page-after', disabled: offset + shown >= total, onclick: go(offset + PAGE_SIZE) },
      'Next',
    ),
  );
}

/**
 * Saves all rows of the query, not only those of the page.
 * @param {TableData} data
 */
async function saveCsv({ by, sort, zone, whatIf, query }) {
  /** @type {Emissions} */
  const all = await request(`/api/emissions?${query}&accumulate=true&sort=${sort}`);
  const other = whatIf?.data[0] ?? {};
  const { start, end } = all.meta.window;
  const measures = /** @type {const} */ ([
    'kwh',
    'grams',
    'kwh_low',
    'kwh_high',
    'gpu_joules',
    'embodied_grams',
    'intensity_g_per_kwh',
    'coverage',
    'power_coverage',
    'unpriced_kwh',
    'quality',
    'power_quality',
  ]);
  const columns = [by, 'window_start', 'window_end', ...measures, ...(zone ? [`grams_in_${zone}`] : [])];
  const rows = orderedRows(all).map((row) => [
    ...[row.name, start, end],
    ...measures.map((measure) => row[measure]),
    ...(zone ? [other[row.name]?.grams] : []),
  ]);
  saveFile(`emissions-by-${by}-${start.slice(0, 10)}.csv`, csvText(columns, rows), 'text/csv');
}

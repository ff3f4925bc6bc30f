import { request } from '../api.js';
import { card, empty, h, name, select } from '../dom.js';
import { fill } from '../fill.js';
import { choose } from '../location.js';
import { emissionsChart } from './emissions-chart.js';
import { emissionsTable, PAGE_SIZE } from './emissions-table.js';
import { totalsCard } from './emissions-totals.js';
import { unpricedNotice } from './unpriced-nodes.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']} Emissions
 * @typedef {import('../location.js').Choices} Choices
 * @typedef {{query: URLSearchParams, by: string, unit: 'grams' | 'kwh', sort: string, offset: number, zone: string | undefined}} EmissionsQuery
 */

/** @type {readonly (readonly [window: string, text: string, step: string])[]} */
const WINDOWS = [
  ['1h', 'This hour', '1h'],
  ['24h', 'Last 24 hours', '1h'],
  ['7d', 'Last 7 days', '6h'],
  ['30d', 'Last 30 days', '1d'],
  ['90d', 'Last 90 days', '1d'],
  ['today', 'Today', '1h'],
  ['yesterday', 'Yesterday', '1h'],
  ['month', 'This month', '1d'],
  ['lastmonth', 'Last month', '1d'],
];
/** @type {readonly (readonly [by: string, text: string])[]} */
const BY = [
  ['namespace', 'Namespace'],
  ['workload', 'Workload'],
  ['pod', 'Pod'],
  ['container', 'Container'],
  ['node', 'Node'],
  ['label', 'Label'],
];
/** Choices that narrow the data; each is a removable chip. */
const FILTERS = ['namespace', 'workload', 'pod', 'container', 'node'];
/** Layers of the chart; everything else is one more. */
const LAYERS = 8;
/** Typing pauses this long before a search starts, in milliseconds. */
const SEARCH_DELAY_MS = 120;

/**
 * Energy and emissions over time and by row, with the previous window and a what-if zone beside them.
 * @param {HTMLElement} place
 * @param {Choices} choices
 */
export function emissionsView(place, choices) {
  const controls = h('div', { class: 'controls' });
  const [overview, rows] = [h('div', { id: 'emissions' }), h('div', { id: 'rows' })];
  const unpriced = unpricedNotice();
  place.append(controls, filterChips(choices), unpriced.place, overview, rows);
  drawControls(controls, choices, []);
  const show = () => {
    // Rows first: they answer a search, and the chart needs several requests.
    void fill(rows, 'rows', () => loadRows(choices)).then(() =>
      fill(overview, 'emissions', () => loadOverview(choices)),
    );
  };
  show();
  void request('/api/grid').then(
    (/** @type {import('../responses.ts').ApiResponses['grid']} */ grid) =>
      drawControls(
        controls,
        choices,
        grid.zones.map(({ zone }) => zone),
      ),
    () => undefined,
  );
  return {
    onEvent(/** @type {string} */ kind) {
      if (kind === 'back') show();
      if (kind === 'grid' || kind === 'back') void unpriced.update();
    },
  };
}

/**
 * The query that the URL describes, with what every request of the view has in common.
 * @param {Choices} choices
 * @returns {EmissionsQuery}
 */
function queryOf(choices) {
  const by = BY.some(([value]) => value === choices.by) ? String(choices.by) : 'namespace';
  const aggregate = by === 'label' ? `label:${choices.label || 'app'}` : by;
  const query = new URLSearchParams({ window: choices.window || '24h', aggregate });
  for (const filter of FILTERS) if (choices[filter]) query.set(filter, choices[filter]);
  const search = choices.search?.trim();
  if (search) query.set('search', search);
  const offset = Math.max(0, Math.trunc(Number(choices.offset)) || 0);
  return {
    ...{ query, by, offset, zone: choices.zone, sort: choices.sort || '-grams' },
    unit: choices.unit === 'kwh' ? 'kwh' : 'grams',
  };
}

/**
 * @param {URLSearchParams} query
 * @param {Record<string, string | undefined>} more
 * @returns {Promise<Emissions>}
 */
function load(query, more) {
  const all = new URLSearchParams(query);
  for (const [key, value] of Object.entries(more)) if (value !== undefined) all.set(key, value);
  return request(`/api/emissions?${all}`);
}

/** @param {Choices} choices */
async function loadOverview(choices) {
  const { query, unit, zone, by } = queryOf(choices);
  const step = WINDOWS.find(([key]) => key === query.get('window'))?.[2] ?? '1h';
  const layers = { step, limit: String(LAYERS), sort: `-${unit}`, other: 'true' };
  const total = { limit: '0', other: 'true', step };
  const current = await load(query, layers);
  const { start, end } = current.meta.window;
  const length = Date.parse(end) - Date.parse(start);
  const before = `${new Date(Date.parse(start) - length).toISOString()},${start}`;
  const [previous, whatIf] = await Promise.all([
    load(query, { ...total, window: before }).catch(() => undefined),
    zone ? load(query, { ...total, zone }) : undefined,
  ]);
  if (current.data.every((piece) => Object.keys(piece).length === 0))
    return card(
      'Emissions',
      empty(
        'Nothing was measured in this window',
        'Pods appear here once the poller has scraped Kepler. Try a longer window, or remove filters.',
      ),
    );
  return [
    totalsCard({ current, previous, whatIf, zone }),
    emissionsChart({ current, previous, whatIf, zone, unit, by }),
  ];
}

/** @param {Choices} choices */
async function loadRows(choices) {
  const { query, by, sort, offset, zone, unit } = queryOf(choices);
  const page = { accumulate: 'true', sort, limit: String(PAGE_SIZE), offset: String(offset) };
  const [current, whatIf] = await Promise.all([
    load(query, page),
    zone ? load(query, { accumulate: 'true', zone }) : undefined,
  ]);
  return emissionsTable({ current, whatIf, by, sort, offset, zone, unit, query });
}

/**
 * @param {HTMLElement} place
 * @param {Choices} choices
 * @param {readonly string[]} zones
 */
function drawControls(place, choices, zones) {
  // Redrawing would take the focus away from a control in use.
  if (place.contains(document.activeElement) && place.childElementCount > 0) return;
  const { by, unit } = queryOf(choices);
  const window = choices.window || '24h';
  const known = WINDOWS.map(([key, text]) => /** @type {const} */ ([key, text]));
  const windows = known.some(([key]) => key === window) ? known : [...known, /** @type {const} */ ([window, window])];
  const others = [...new Set([...(choices.zone ? [choices.zone] : []), ...zones])];
  place.replaceChildren(
    select('Window', window, windows, (value) => choose({ window: value, offset: undefined })),
    select('Group by', by, BY, (value) => choose({ by: value, offset: undefined, sort: undefined })),
    ...(by === 'label' ? [labelField(choices.label ?? 'app')] : []),
    select(
      'Show',
      unit,
      [
        ['grams', 'Emissions'],
        ['kwh', 'Energy'],
      ],
      (value) => choose({ unit: value }),
    ),
    select(
      'What if all ran in',
      choices.zone ?? '',
      [['', 'no what-if'], ...others.map((code) => /** @type {const} */ ([code, code]))],
      (value) => choose({ zone: value }),
    ),
    searchField(choices.search ?? ''),
  );
}

/** @param {string} label */
function labelField(label) {
  const input = h('input', {
    id: 'label-name',
    value: label,
    autocomplete: 'off',
    spellcheck: 'false',
    onchange: (event) => choose({ label: event.target.value.trim(), offset: undefined }),
  });
  return h('div', { class: 'field' }, h('label', { for: 'label-name' }, 'Label'), input);
}

/** @param {string} text */
function searchField(text) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const oninput = (/** @type {InputEvent} */ event) => {
    clearTimeout(timer);
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    timer = setTimeout(() => choose({ search: value, offset: undefined }), SEARCH_DELAY_MS);
  };
  const input = h('input', {
    id: 'search',
    type: 'search',
    value: text,
    placeholder: 'Name',
    autocomplete: 'off',
    oninput,
  });
  return h('div', { class: 'field' }, h('label', { for: 'search' }, 'Search'), input);
}

/** @param {Choices} choices */
function filterChips(choices) {
  const active = FILTERS.filter((filter) => choices[filter]);
  return h(
    'p',
    { class: 'filters', id: 'filters' },
    active.map((filter) =>
      h(
        'button',
        {
          type: 'button',
          class: 'filter',
          'aria-label': `Remove filter ${filter} ${choices[filter]}`,
          onclick: () => choose({ [filter]: undefined, offset: undefined }),
        },
        `${filter}: `,
        name(choices[filter] ?? ''),
        ' ×',
      ),
    ),
  );
}

import { request } from '../api.js';
import { card, empty, h } from '../dom.js';
import { fill } from '../fill.js';
import { emissionsChart } from './emissions-chart.js';
import { drawControls, filterChips } from './emissions-controls.js';
import { queryOf, WINDOWS } from './emissions-query.js';
import { emissionsTable, PAGE_SIZE } from './emissions-table.js';
import { totalsCard } from './emissions-totals.js';
import { MEASURES } from './measures.js';
import { unpricedNotice } from './unpriced-nodes.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['emissions']} Emissions
 * @typedef {import('../location.js').Choices} Choices
 */

/** Layers of the chart; everything else is one more. */
const LAYERS = 8;

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
    // Rows first: they answer a search, and what follows costs the server more than they do.
    void fill(rows, 'rows', () => loadRows(choices)).then(() => {
      void unpriced.update();
      return fill(overview, 'emissions', () => loadOverview(choices));
    });
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
      if (kind === 'grid') void unpriced.update();
    },
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
  const layers = { step, limit: String(LAYERS), sort: `-${MEASURES[unit].sort}`, other: 'true' };
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

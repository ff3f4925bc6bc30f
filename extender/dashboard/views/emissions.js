import { request } from '../api.js';
import { card, empty, h } from '../dom.js';
import { fill, painted } from '../fill.js';
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
    /** @type {Emissions['meta']['window'] | undefined} */
    let window;
    // Rows first: they answer a search, and what follows costs the server more than they do.
    const rowsShown = fill(rows, 'rows', async () => {
      const page = await loadRows(choices);
      window = page.current.meta.window;
      return emissionsTable(page);
    }).then(painted);
    void fill(overview, 'emissions', async () => {
      await rowsShown;
      return loadOverview(choices, window);
    });
    void rowsShown.then(unpriced.update);
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

/**
 * @param {Choices} choices
 * @param {Emissions['meta']['window']} [window] that of the rows, so that nothing has to wait for it
 */
async function loadOverview(choices, window) {
  const { query, unit, zone, by } = queryOf(choices);
  const step = WINDOWS.find(([key]) => key === query.get('window'))?.[2] ?? '1h';
  const layers = { step, limit: String(LAYERS), sort: `-${MEASURES[unit].sort}`, other: 'true' };
  // A total needs no rows; only a search finds rows by their names.
  const total = query.has('search') ? { limit: '0', other: 'true', step } : { aggregate: 'cluster', step };
  const loading = load(query, layers);
  const [{ emissionsChart }, current, previous, whatIf] = await Promise.all([
    // The library that draws is loaded while the server adds up, so that rows do not wait for it.
    import('./emissions-chart.js'),
    loading,
    windowBefore(window ?? (await loading).meta.window, (before) => load(query, { ...total, window: before })),
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

/**
 * What is known of the window before; undefined where nothing is.
 * @param {Emissions['meta']['window']} window
 * @param {(before: string) => Promise<Emissions>} load
 */
function windowBefore({ start, end }, load) {
  const length = Date.parse(end) - Date.parse(start);
  return load(`${new Date(Date.parse(start) - length).toISOString()},${start}`).catch(() => undefined);
}

/**
 * @param {Choices} choices
 * @returns {Promise<import('./emissions-table.js').TableData>}
 */
async function loadRows(choices) {
  const { query, by, sort, offset, zone, unit } = queryOf(choices);
  const page = { accumulate: 'true', sort, limit: String(PAGE_SIZE), offset: String(offset) };
  const [current, whatIf] = await Promise.all([
    load(query, page),
    zone ? load(query, { accumulate: 'true', zone }) : undefined,
  ]);
  return { current, whatIf, by, sort, offset, zone, unit, query };
}

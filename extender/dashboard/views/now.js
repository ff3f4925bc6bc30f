import { request } from '../api.js';
import { time } from '../clock.js';
import { bar, card, chip, empty, figure, h, name } from '../dom.js';
import { fill, painted } from '../fill.js';
import { duration, number, step } from '../format.js';
import { table } from '../table.js';
import { unpricedNotice } from './unpriced-nodes.js';

/**
 * @typedef {import('../responses.ts').ApiResponses} Api
 * @typedef {Api['grid']} Grid
 */

/** @type {Record<Grid['state'], [title: string, meaning: string]>} */
const STATES = {
  fresh: ['Fresh', 'Scheduling uses this data.'],
  stale: ['Stale', 'Older than its time to live: all nodes score the same until it is updated.'],
  missing: ['Missing', 'Carbon intensity is unknown: all nodes score the same, as without carbon-extender.'],
};

/**
 * Current carbon intensity as scheduling sees it, and the placements of the last hour.
 * @param {HTMLElement} place
 */
export function nowView(place) {
  const grid = h('div', { id: 'grid' });
  const placements = h('div', { id: 'decided' });
  const unpriced = unpricedNotice();
  place.append(unpriced.place, grid, placements);
  let receivedAt = performance.now();
  let placementsShown = '';
  const show = (/** @type {Grid} */ response) => {
    receivedAt = performance.now();
    return gridCards(response);
  };
  // Zones first: they are what the page is opened for.
  const gridShown = fill(grid, 'carbon intensity', async () => show(await request('/api/grid'))).then(painted);
  const showPlacements = () =>
    fill(placements, 'placements', async () => {
      await gridShown;
      /** @type {Api['decisions']} */
      const response = await request('/api/decisions?window=60m&limit=12');
      placementsShown = `${response.count} ${response.decisions[0]?.bound_at ?? null}`;
      return placementsCard(response);
    });
  void showPlacements();
  void gridShown.then(unpriced.update);
  const timer = setInterval(() => updateAges(grid, (performance.now() - receivedAt) / 1000), 5000);
  return {
    onEvent(/** @type {string} */ kind, /** @type {any} */ data) {
      if (kind === 'grid') void fill(grid, 'carbon intensity', async () => show(data));
      // The server sends its count to each new listener; the same placements are not requested again.
      const isNewPlacement = kind === 'decisions' && `${data.count} ${data.newest}` !== placementsShown;
      if (isNewPlacement || kind === 'back') void showPlacements();
      if (kind === 'grid' || kind === 'back') void unpriced.update();
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Ages keep growing between two responses.
 * @param {HTMLElement} place
 * @param {number} seconds since the last response
 */
function updateAges(place, seconds) {
  for (const cell of place.querySelectorAll('[data-age]')) {
    const age = Number(/** @type {HTMLElement} */ (cell).dataset.age);
    cell.textContent = duration(age + seconds);
  }
}

/** @param {Grid} grid */
function gridCards(grid) {
  const [title, meaning] = STATES[grid.state];
  const ranked = grid.zones.filter(({ rank }) => rank !== null);
  const [best, worst] = [ranked[0], ranked.at(-1)];
  const state = h(
    'div',
    { class: `state ${grid.state}` },
    h('p', { class: 'state-name' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), title),
    h('p', {}, grid.reason ? `${meaning} Reason: ${grid.reason}.` : meaning),
  );
  const figures = h(
    'dl',
    { class: 'figures' },
    figure('Cleanest', number(best?.intensity_g_per_kwh), 'g/kWh', best && name(best.name)),
    figure('Dirtiest', number(worst?.intensity_g_per_kwh), 'g/kWh', worst && name(worst.name)),
    figure('Zones', number(grid.zones.length)),
    h(
      'div',
      { class: 'figure' },
      h('dt', {}, 'Age of the data'),
      h(
        'dd',
        {},
        h('strong', { 'data-age': grid.age_seconds }, duration(grid.age_seconds)),
        h('small', {}, grid.ttl_seconds === null ? '' : `stale after ${duration(grid.ttl_seconds)}`),
      ),
    ),
  );
  return [
    h(
      'section',
      { class: `card hero ${grid.state}`, 'aria-label': 'State of the carbon intensity data' },
      state,
      figures,
    ),
    zonesCard(grid),
  ];
}

/**
 * The name that the user gave a zone, with its code where that is another.
 * @param {Grid['zones'][number]} zone
 */
function zoneName(zone) {
  return zone.name === zone.zone ? name(zone.zone) : [name(zone.name), h('small', {}, ' ', name(zone.zone))];
}

/** @param {Grid} grid */
function zonesCard({ zones, state }) {
  const title = 'Zones by intensity';
  if (zones.length === 0) {
    const hint =
      state === 'missing'
        ? 'The poller writes the cache file. Zones appear here as soon as it has reached a provider.'
        : 'The cache file contains no zones.';
    return card(title, empty('No carbon intensity is known', hint));
  }
  const largest = Math.max(...zones.map((zone) => zone.intensity_g_per_kwh), 1);
  /** @type {import('../table.js').TableColumn<Grid['zones'][number]>[]} */
  const columns = [
    { title: 'Zone', cell: (zone) => [h('span', { class: 'rank' }, zone.rank ?? '–'), ' ', zoneName(zone)] },
    { title: 'g/kWh', numeric: true, cell: (zone) => h('span', { class: 'value' }, number(zone.intensity_g_per_kwh)) },
    {
      title: 'Intensity',
      minor: true,
      cell: ({ intensity_g_per_kwh: value }) => bar(value, largest, `step-${step(value)}`),
    },
    { title: 'Quality', cell: (zone) => chip(zone.quality) },
    {
      title: 'Age',
      numeric: true,
      cell: (zone) => h('span', { 'data-age': zone.age_seconds }, duration(zone.age_seconds)),
    },
    { title: 'Source', cell: (zone) => [name(zone.provider), zone.signal === 'marginal' ? ' (marginal)' : ''] },
  ];
  return card(title, table('Zones by carbon intensity, cleanest first', columns, zones));
}

/** @param {Api['decisions']} response */
function placementsCard({ count, by_zone, by_mode, decisions }) {
  const title = 'Placed in the last hour';
  if (count === 0)
    return card(
      title,
      empty(
        'No pod was placed in the last hour',
        'Pods that kube-scheduler scored with the extender and then bound appear here.',
      ),
    );
  const zones = Object.entries(by_zone).sort(([, a], [, b]) => b - a);
  const modes = Object.entries(by_mode).map(([mode, pods]) => `${pods} ${mode}`);
  /** @type {import('../table.js').TableColumn<Api['decisions']['decisions'][number]>[]} */
  const columns = [
    { title: 'Pod', cell: (one) => [name(one.pod), h('small', {}, name(one.namespace))] },
    { title: 'Node', cell: (one) => name(one.node) },
    { title: 'Zone', cell: (one) => (one.zone ? name(one.zone) : '–') },
    { title: 'g/kWh', numeric: true, cell: (one) => number(one.intensity_g_per_kwh) },
    { title: 'Mean of candidates', numeric: true, cell: (one) => number(one.candidates_mean_g_per_kwh) },
    { title: 'At', numeric: true, cell: (one) => time(one.bound_at) },
  ];
  return card(
    title,
    h(
      'p',
      {},
      h('strong', {}, String(count)),
      ` ${count === 1 ? 'pod' : 'pods'} placed (${modes.join(', ')}): `,
      zones.map(([zone, pods], index) => [index > 0 && ', ', name(zone), ` ${pods}`]),
    ),
    table('The newest placements', columns, decisions),
  );
}

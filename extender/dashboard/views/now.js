import { ask } from '../api.js';
import { card, empty, figure, fill, h, name, table } from '../dom.js';
import { duration, number, step, time } from '../format.js';

const STATES = {
  fresh: ['Fresh', 'Pods are steered by this data.'],
  stale: ['Stale', 'Older than its time to live: scores are neutral until it is renewed.'],
  missing: ['Missing', 'There is no grid data: scores are neutral, pods are scheduled as without carbon-extender.'],
};

/** The grid as decisions see it now, and what was decided in the last hour. */
export function nowView(place) {
  const grid = h('div', { id: 'grid' });
  const decided = h('div', { id: 'decided' });
  place.append(grid, decided);
  let received = performance.now();
  let newest;
  const show = (answer) => {
    newest = answer;
    received = performance.now();
    return gridCards(answer);
  };
  const showDecisions = () =>
    fill(decided, 'decisions', async () => decisionsCard(await ask('/api/decisions?window=60m&limit=12')));
  fill(grid, 'the grid', async () => show(await ask('/api/grid')));
  showDecisions();
  const ticking = setInterval(() => tick(grid, newest, (performance.now() - received) / 1000), 5000);
  return {
    onEvent(kind, data) {
      if (kind === 'grid') fill(grid, 'the grid', async () => show(data));
      if (kind === 'decisions' || kind === 'back') showDecisions();
    },
    stop: () => clearInterval(ticking),
  };
}

/** Ages go on between two answers. */
function tick(grid, answer, since) {
  if (answer === undefined) return;
  for (const cell of grid.querySelectorAll('[data-age]')) cell.textContent = duration(Number(cell.dataset.age) + since);
}

function gridCards(grid) {
  const [title, meaning] = STATES[grid.state];
  const ranked = grid.zones.filter(({ rank }) => rank !== null);
  const [best, worst] = [ranked[0], ranked.at(-1)];
  const state = h(
    'div',
    { class: `state ${grid.state}` },
    h('p', { class: 'state-name' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), title),
    h('p', {}, grid.reason ? `${meaning} Cause: ${grid.reason}.` : meaning),
  );
  const figures = h(
    'dl',
    { class: 'figures' },
    figure('Cleanest', best ? number(best.intensity_g_per_kwh) : '–', 'g/kWh', best && name(best.zone)),
    figure('Dirtiest', worst ? number(worst.intensity_g_per_kwh) : '–', 'g/kWh', worst && name(worst.zone)),
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
    h('section', { class: `card hero ${grid.state}`, 'aria-label': 'State of the grid data' }, state, figures),
    zonesCard(grid),
  ];
}

function zonesCard({ zones, state }) {
  if (zones.length === 0)
    return card(
      'Zones by intensity',
      empty(
        'No zone is known right now',
        state === 'missing'
          ? 'The poller writes the carbon cache; once it runs and reaches a provider, zones appear here by themselves.'
          : 'The cache holds no zone.',
      ),
    );
  const most = Math.max(...zones.map((zone) => zone.intensity_g_per_kwh), 1);
  return card(
    'Zones by intensity',
    table(
      'Zones by carbon intensity, cleanest first',
      [
        { title: 'Zone', cell: (zone) => [h('span', { class: 'rank' }, zone.rank ?? '–'), ' ', name(zone.zone)] },
        {
          title: 'g/kWh',
          numeric: true,
          cell: (zone) => h('span', { class: 'value' }, number(zone.intensity_g_per_kwh)),
        },
        { title: 'Intensity', minor: true, cell: (zone) => bar(zone.intensity_g_per_kwh, most) },
        { title: 'Quality', cell: (zone) => h('span', { class: `chip ${zone.quality}` }, zone.quality) },
        {
          title: 'Age',
          numeric: true,
          cell: (zone) => h('span', { 'data-age': zone.age_seconds }, duration(zone.age_seconds)),
        },
        { title: 'Source', cell: (zone) => [name(zone.provider), zone.signal === 'marginal' ? ' (marginal)' : ''] },
      ],
      zones,
    ),
  );
}

/** A bar whose length is the share of the greatest; the number stands beside it. */
export function bar(value, most, kind = `step-${step(value)}`) {
  const inner = h('span', { class: `fill ${kind}` });
  inner.style.width = `${Math.max(0.5, Math.min(100, (value / most) * 100))}%`;
  return h('span', { class: 'track', 'aria-hidden': 'true' }, inner);
}

function decisionsCard({ count, by_zone, by_mode, decisions }) {
  const title = 'Decided in the last hour';
  if (count === 0)
    return card(
      title,
      empty(
        'No pod was placed in the last hour',
        'Pods that kube-scheduler ranked through the extender and then bound appear here.',
      ),
    );
  const zones = Object.entries(by_zone).sort(([, a], [, b]) => b - a);
  const modes = Object.entries(by_mode)
    .map(([mode, pods]) => `${pods} ${mode}`)
    .join(', ');
  return card(
    title,
    h(
      'p',
      {},
      h('strong', {}, String(count)),
      ` ${count === 1 ? 'pod' : 'pods'} placed (${modes}): `,
      zones.map(([zone, pods], at) => [at > 0 ? ', ' : '', name(zone), ` ${pods}`]),
    ),
    table(
      'The newest placements',
      [
        { title: 'Pod', cell: (one) => [name(one.pod), h('small', {}, name(one.namespace))] },
        { title: 'Node', cell: (one) => name(one.node) },
        { title: 'Zone', cell: (one) => (one.zone ? name(one.zone) : '–') },
        { title: 'g/kWh', numeric: true, cell: (one) => number(one.intensity_g_per_kwh) },
        { title: 'Mean of choices', numeric: true, cell: (one) => number(one.candidates_mean_g_per_kwh) },
        { title: 'At', numeric: true, cell: (one) => time(one.bound_at) },
      ],
      decisions,
    ),
  );
}

import { ask } from '../api.js';
import { card, empty, fill, h, name, select, table } from '../dom.js';
import { energy, grams, number, percent, time } from '../format.js';
import { choose } from '../location.js';
import { bar } from './now.js';
import { waitingCard } from './waiting.js';

const WINDOWS = [
  ['60m', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
];

/** What waits, what was decided, what it saved, and how far budgets are used. */
export function schedulingView(place, choices) {
  const window = WINDOWS.some(([value]) => value === choices.window) ? choices.window : '24h';
  const parts = Object.fromEntries(['waiting', 'savings', 'budgets', 'placed'].map((id) => [id, h('div', { id })]));
  place.append(
    h(
      'div',
      { class: 'controls' },
      select('Window', window, WINDOWS, (value) => choose({ window: value })),
    ),
    parts.waiting,
    parts.savings,
    parts.budgets,
    parts.placed,
  );
  const showWaiting = () => fill(parts.waiting, 'waiting pods', async () => waitingCard(await ask('/api/waiting')));
  const show = () => {
    showWaiting();
    fill(parts.savings, 'savings', () => savings(window));
    fill(parts.budgets, 'budgets', async () => budgetsCard(await ask('/api/budgets')));
    fill(parts.placed, 'placements', async () => placedCard(await ask(`/api/decisions?window=${window}&limit=50`)));
  };
  show();
  return { onEvent: (kind) => (kind === 'decisions' || kind === 'back' ? show() : showWaiting()) };
}

const HOURS = { '60m': 1, '24h': 24, '7d': 168, '30d': 720 };
const BASELINES = {
  arrival: 'started as early as they were made',
  'candidates-mean': 'the mean of the nodes to choose from',
};

async function savings(window) {
  const end = Date.now();
  const start = end - HOURS[window] * 3_600_000;
  return savingsCard(
    await ask(`/api/savings?start_time=${new Date(start).toISOString()}&end_time=${new Date(end).toISOString()}`),
  );
}

/** Savings never without their baseline, and what went wrong beside what went well. */
function savingsCard({ totals, pods, decisions }) {
  const title = 'Savings so far';
  if (totals.length === 0)
    return card(
      title,
      empty(
        'Nothing can be counted in this window',
        `${number(decisions)} placements are recorded. A saving needs measured energy of the pod and the intensity both of where it ran and of its baseline.`,
      ),
    );
  const worst = pods
    .filter(({ saved_grams }) => saved_grams < 0)
    .sort((a, b) => a.saved_grams - b.saved_grams)
    .slice(0, 10);
  return card(
    title,
    table(
      'Savings by baseline',
      [
        { title: 'Compared with', cell: ({ baseline }) => [baseline, h('small', {}, BASELINES[baseline] ?? '')] },
        { title: 'Saved', numeric: true, cell: (one) => h('span', { class: 'value' }, grams(one.saved_grams)) },
        {
          title: 'Of it',
          numeric: true,
          cell: (one) => (one.saved_percent === null ? '–' : `${number(one.saved_percent)} %`),
        },
        { title: 'Emitted', numeric: true, cell: (one) => grams(one.emissions_grams) },
        { title: 'Energy', numeric: true, cell: (one) => energy(one.energy_kwh) },
        { title: 'Pods', numeric: true, cell: (one) => number(one.pods) },
        { title: 'Worse off', numeric: true, cell: (one) => number(one.negative) },
        { title: 'Coverage', numeric: true, cell: (one) => percent(one.coverage) },
        {
          title: 'Quality',
          cell: (one) => one.qualities.map((quality) => h('span', { class: `chip ${quality}` }, quality)),
        },
      ],
      totals,
    ),
    totals.length > 1 && h('p', { class: 'note' }, 'A pod may have both baselines; they are never added up.'),
    worst.length > 0 && [
      h('h3', {}, 'Emitted more than at the baseline'),
      table(
        'Pods that emitted more than at the baseline',
        [
          { title: 'Pod', cell: (one) => [name(one.pod), h('small', {}, name(one.namespace))] },
          { title: 'Compared with', cell: ({ baseline }) => baseline },
          { title: 'Zone', cell: ({ zone }) => name(zone) },
          { title: 'Emitted', numeric: true, cell: (one) => grams(one.emissions_grams) },
          { title: 'Saved', numeric: true, cell: (one) => grams(one.saved_grams) },
        ],
        worst,
      ),
    ],
  );
}

const BUDGET_STATES = { ok: 'within', warning: 'close', exceeded: 'exceeded', unknown: 'not known' };

function budgetsCard({ budgets }) {
  const title = 'Carbon budgets';
  if (budgets.length === 0)
    return card(
      title,
      empty('No budget is set', 'Give a namespace or a service one with ', h('code', {}, 'carbon budget set'), '.'),
    );
  return card(
    title,
    table(
      'Budgets with their burn-down',
      [
        { title: 'Budget', cell: (one) => [name(one.name), h('small', {}, `${one.kind}, per ${one.per}`)] },
        { title: 'Used', numeric: true, cell: (one) => grams(one.used_gCO2e) },
        { title: 'Of', numeric: true, cell: (one) => grams(one.budget_gCO2e) },
        { title: 'Share', numeric: true, cell: (one) => percent(one.used_share) },
        { title: 'Burn-down', cell: burnDown },
        { title: 'At this pace', numeric: true, cell: (one) => grams(one.projected_gCO2e) },
        { title: 'Coverage', numeric: true, cell: (one) => percent(one.coverage) },
        {
          title: 'State',
          cell: (one) => h('span', { class: `chip budget-${one.state}` }, BUDGET_STATES[one.state] ?? one.state),
        },
      ],
      budgets,
    ),
  );
}

/** Used share as a bar, with a notch where the period stands. */
function burnDown(one) {
  if (one.used_share === null) return '–';
  const track = bar(Math.min(one.used_share, 1), 1, `budget-${one.state}`);
  const notch = h('span', { class: 'notch' });
  notch.style.left = `${Math.min(100, one.elapsed_share * 100)}%`;
  track.append(notch);
  return [track, h('small', {}, `${percent(one.elapsed_share)} of the time is over`)];
}

function placedCard({ count, by_zone, by_mode, decisions }) {
  const title = 'Placements';
  if (count === 0)
    return card(
      title,
      empty(
        'No pod was placed in this window',
        'Pods that kube-scheduler ranked through the extender and then bound appear here.',
      ),
    );
  const zones = Object.entries(by_zone).sort(([, a], [, b]) => b - a);
  return card(
    title,
    h(
      'p',
      {},
      h('strong', {}, number(count)),
      ' placed; by mode: ',
      Object.entries(by_mode)
        .map(([mode, pods]) => `${mode} ${pods}`)
        .join(', '),
      '.',
    ),
    table(
      'Placements by zone',
      [
        { title: 'Zone', cell: ([zone]) => name(zone) },
        { title: 'Pods', numeric: true, cell: ([, pods]) => number(pods) },
        { title: 'Share', cell: ([, pods]) => bar(pods, zones[0][1], 'plain') },
      ],
      zones,
    ),
    h('h3', {}, `The newest ${decisions.length}`),
    table(
      'The newest placements',
      [
        { title: 'Pod', cell: (one) => [name(one.pod), h('small', {}, name(one.namespace))] },
        { title: 'Owner', minor: true, cell: (one) => (one.owner ? name(one.owner) : '–') },
        { title: 'Zone', cell: (one) => (one.zone ? name(one.zone) : '–') },
        { title: 'g/kWh', numeric: true, cell: (one) => number(one.intensity_g_per_kwh) },
        { title: 'Against the mean', numeric: true, cell: against },
        { title: 'Mode', minor: true, cell: (one) => one.mode },
        { title: 'At', numeric: true, cell: (one) => time(one.bound_at, true) },
      ],
      decisions,
    ),
  );
}

/** How much cleaner than the mean of the choices; negative: dirtier. */
function against({ intensity_g_per_kwh: own, candidates_mean_g_per_kwh: mean }) {
  return own === null || !mean ? '–' : percent(1 - own / mean);
}

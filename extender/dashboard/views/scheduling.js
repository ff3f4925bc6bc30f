import { ask } from '../api.js';
import { card, empty, fill, h, name, select, table } from '../dom.js';
import { grams, number, percent, time } from '../format.js';
import { choose } from '../location.js';
import { bar } from './now.js';

const WINDOWS = [
  ['60m', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
];

/** What waits, what was decided, what it saved, and how far budgets are used. */
export function schedulingView(place, choices) {
  const window = WINDOWS.some(([value]) => value === choices.window) ? choices.window : '24h';
  const parts = Object.fromEntries(['savings', 'budgets', 'placed'].map((id) => [id, h('div', { id })]));
  place.append(
    h(
      'div',
      { class: 'controls' },
      select('Window', window, WINDOWS, (value) => choose({ window: value })),
    ),
    parts.savings,
    parts.budgets,
    parts.placed,
  );
  const show = () => {
    fill(parts.savings, 'savings', () => savings(window));
    fill(parts.budgets, 'budgets', async () => budgetsCard(await ask('/api/budgets')));
    fill(parts.placed, 'placements', async () => placedCard(await ask(`/api/decisions?window=${window}&limit=50`)));
  };
  show();
  return { onEvent: (kind) => (kind === 'decisions' || kind === 'back') && show() };
}

async function savings(window) {
  try {
    return savingsCard(await ask(`/api/savings?window=${window}`));
  } catch (error) {
    if (error.status !== 404) throw error;
    return card(
      'Waiting and savings',
      empty(
        'This extender does not report waiting pods or savings yet',
        'Both come with the deferral controller, which holds pods back until a cleaner hour and keeps the book of what that saved.',
      ),
    );
  }
}

/** Every figure that the API gives, in its own words: a saving without its baseline would say nothing. */
function savingsCard(answer) {
  const plain = Object.entries(answer).filter(([, value]) => value === null || typeof value !== 'object');
  const lists = Object.entries(answer).filter(([, value]) => Array.isArray(value) && value.length > 0);
  const text = (value) =>
    typeof value === 'number'
      ? number(value)
      : value === null
        ? '–'
        : typeof value === 'object'
          ? JSON.stringify(value)
          : name(String(value));
  const words = (key) => key.replaceAll('_', ' ');
  return card(
    'Waiting and savings',
    h(
      'dl',
      { class: 'figures' },
      plain.map(([key, value]) =>
        h('div', { class: 'figure' }, h('dt', {}, words(key)), h('dd', {}, h('strong', {}, text(value)))),
      ),
    ),
    lists.map(([key, rows]) => [
      h('h3', {}, words(key)),
      table(
        words(key),
        Object.keys(rows[0]).map((field) => ({ title: words(field), cell: (row) => text(row[field] ?? null) })),
        rows,
      ),
    ]),
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
        { title: 'Owner', cell: (one) => (one.owner ? name(one.owner) : '–') },
        { title: 'Zone', cell: (one) => (one.zone ? name(one.zone) : '–') },
        { title: 'g/kWh', numeric: true, cell: (one) => number(one.intensity_g_per_kwh) },
        { title: 'Against the mean', numeric: true, cell: against },
        { title: 'Mode', cell: (one) => one.mode },
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

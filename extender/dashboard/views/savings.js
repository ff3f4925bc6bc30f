import { card, chip, empty, figure, h, name } from '../dom.js';
import { energy, grams, number, percent } from '../format.js';
import { table } from '../table.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['savings']} Savings
 * @typedef {Savings['totals'][number]} Total
 */

const TITLE = 'Savings so far';
/** Pods listed that emitted more than their baseline. */
const MAX_NEGATIVE = 10;

/** @type {Record<Total['baseline'], string>} */
const BASELINES = {
  arrival: 'a start on arrival',
  'candidates-mean': 'the mean of the candidate nodes',
};

/**
 * Savings, always with their baseline, and the pods that emitted more beside those that emitted less.
 * @param {Savings} response
 */
export function savingsCard({ totals, pods, decisions }) {
  if (totals.length === 0)
    return card(
      TITLE,
      empty(
        'No savings can be calculated for this window',
        `${number(decisions)} placements are recorded. A saving needs measured energy of the pod, and the intensity both where it ran and of its baseline.`,
      ),
    );
  const negative = pods
    .filter(({ saved_grams }) => saved_grams < 0)
    .sort((a, b) => a.saved_grams - b.saved_grams)
    .slice(0, MAX_NEGATIVE);
  return card(
    TITLE,
    h('dl', { class: 'figures' }, totals.map(savedFigure)),
    totalsTable(totals),
    h(
      'p',
      { class: 'note' },
      'Possible: what each pod would have saved in hindsight, with the cleanest start within its slack or in its cleanest candidate zone.',
    ),
    totals.length > 1 && h('p', { class: 'note' }, 'A pod may count for both baselines; the two are never added up.'),
    negative.length > 0 && negativeTable(negative),
  );
}

/** @param {Total} total */
function savedFigure({ baseline, saved_grams, saved_percent, possible_grams: possible }) {
  const share = saved_percent === null ? '' : `${percent(saved_percent / 100)} less than `;
  const reached = possible > 0 ? `; ${percent(saved_grams / possible)} of the ${grams(possible)} possible` : '';
  return figure(
    baseline === 'arrival' ? 'Saved by waiting' : 'Saved by placement',
    grams(saved_grams),
    'CO2e',
    `${share}${BASELINES[baseline]}${reached}`,
  );
}

/** @param {Savings['totals']} totals */
function totalsTable(totals) {
  /** @type {import('../table.js').TableColumn<Total>[]} */
  const columns = [
    { title: 'Baseline', cell: ({ baseline }) => [baseline, h('small', {}, BASELINES[baseline])] },
    { title: 'Saved', numeric: true, cell: (one) => h('span', { class: 'value' }, grams(one.saved_grams)) },
    {
      title: 'Share',
      numeric: true,
      cell: ({ saved_percent: share }) => (share === null ? '–' : percent(share / 100)),
    },
    { title: 'Emitted', numeric: true, cell: (one) => grams(one.emissions_grams) },
    { title: 'Energy', numeric: true, cell: (one) => energy(one.energy_kwh) },
    { title: 'Pods', numeric: true, cell: (one) => number(one.pods) },
    { title: 'Emitted more', numeric: true, cell: (one) => number(one.negative) },
    { title: 'Possible', numeric: true, minor: true, cell: (one) => grams(one.possible_grams) },
    { title: 'Coverage', numeric: true, cell: (one) => percent(one.coverage) },
    { title: 'Quality', cell: (one) => one.qualities.map((quality) => chip(quality)) },
  ];
  return table('Savings by baseline', columns, totals);
}

/** @param {Savings['pods']} pods */
function negativeTable(pods) {
  /** @type {import('../table.js').TableColumn<Savings['pods'][number]>[]} */
  const columns = [
    { title: 'Pod', cell: (one) => [name(one.pod), h('small', {}, name(one.namespace))] },
    { title: 'Baseline', cell: ({ baseline }) => baseline },
    { title: 'Zone', cell: ({ zone }) => name(zone) },
    { title: 'Emitted', numeric: true, cell: (one) => grams(one.emissions_grams) },
    { title: 'Saved', numeric: true, cell: (one) => grams(one.saved_grams) },
  ];
  return [
    h('h3', {}, 'Emitted more than the baseline'),
    table('Pods that emitted more than the baseline', columns, pods),
  ];
}

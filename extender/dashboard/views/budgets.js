import { bar, card, chip, empty, h, name } from '../dom.js';
import { grams, percent } from '../format.js';
import { table } from '../table.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['budgets']} Budgets
 * @typedef {Budgets['budgets'][number]} BudgetRow
 */

/** @type {Record<BudgetRow['state'], string>} */
const STATES = { ok: 'within', warning: 'close', exceeded: 'exceeded', unknown: 'not known' };

/**
 * Carbon budgets with their burn-down.
 * @param {Budgets} response
 */
export function budgetsCard({ budgets }) {
  const title = 'Carbon budgets';
  if (budgets.length === 0)
    return card(
      title,
      empty(
        'No budgets are set',
        'Set one for a namespace or a service with ',
        h('code', {}, 'carbon budget set'),
        '.',
      ),
    );
  /** @type {import('../table.js').TableColumn<BudgetRow>[]} */
  const columns = [
    { title: 'Budget', cell: (one) => [name(one.name), h('small', {}, `${one.kind}, per ${one.per}`)] },
    { title: 'Used', numeric: true, cell: (one) => grams(one.used_gCO2e) },
    { title: 'Of', numeric: true, cell: (one) => grams(one.budget_gCO2e) },
    { title: 'Share', numeric: true, cell: (one) => percent(one.used_share) },
    { title: 'Burn-down', cell: burnDown },
    { title: 'At this pace', numeric: true, cell: (one) => grams(one.projected_gCO2e) },
    { title: 'Coverage', numeric: true, cell: (one) => percent(one.coverage) },
    { title: 'State', cell: (one) => chip(STATES[one.state], `budget-${one.state}`) },
  ];
  return card(title, table('Budgets with their burn-down', columns, budgets));
}

/**
 * The used share as a bar, with a notch at the elapsed share of the period.
 * @param {BudgetRow} budget
 */
function burnDown({ used_share: used, elapsed_share: elapsed, state }) {
  if (used === null) return '–';
  const track = bar(Math.min(used, 1), 1, `budget-${state}`);
  const notch = h('span', { class: 'notch' });
  notch.style.left = `${Math.min(100, elapsed * 100)}%`;
  track.append(notch);
  return [track, h('small', {}, `${percent(elapsed)} of the period has passed`)];
}

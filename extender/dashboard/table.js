import { h } from './dom.js';

/**
 * @template Row
 * @typedef {object} TableColumn
 * @property {string} title
 * @property {boolean} [numeric] aligned to the right
 * @property {boolean} [sentence] may take several lines
 * @property {boolean} [minor] left out on a small screen
 * @property {string} [sort] value of the `sort` choice that orders by this column
 * @property {(row: Row) => import('./dom.js').Child} cell
 */

/**
 * @typedef {object} Sorting
 * @property {string} by the column's `sort`; a leading minus means descending
 * @property {(by: string) => void} onsort
 */

/**
 * A table that scrolls within itself; the first column is the row's heading.
 * @template Row
 * @param {string} caption
 * @param {readonly TableColumn<Row>[]} columns
 * @param {readonly Row[]} rows
 * @param {Sorting} [sorting] makes the headings of sortable columns buttons
 */
export function table(caption, columns, rows, sorting) {
  const head = columns.map((column) =>
    h(
      'th',
      { scope: 'col', class: kindOf(column), 'aria-sort': ariaSort(column, sorting) },
      sorting && column.sort ? sortButton(column.title, column.sort, sorting) : column.title,
    ),
  );
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      columns.map((column, index) =>
        index === 0
          ? h('th', { scope: 'row', class: kindOf(column) }, column.cell(row))
          : h('td', { class: kindOf(column) }, column.cell(row)),
      ),
    ),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', { class: 'hidden' }, caption), h('thead', {}, h('tr', {}, head)), h('tbody', {}, body)),
  );
}

/**
 * @param {string} title
 * @param {string} sort
 * @param {Sorting} sorting
 */
function sortButton(title, sort, { by, onsort }) {
  const arrow = by === sort ? ' ↑' : by === `-${sort}` ? ' ↓' : '';
  // The first click shows the largest values, except for names.
  const next = by === `-${sort}` || (sort === 'name' && by !== 'name') ? sort : `-${sort}`;
  return h('button', { type: 'button', class: 'sort', id: `sort-${sort}`, onclick: () => onsort(next) }, title, arrow);
}

/**
 * @param {{sort?: string}} column
 * @param {Sorting | undefined} sorting
 */
function ariaSort({ sort }, sorting) {
  if (!sort || !sorting) return undefined;
  if (sorting.by === sort) return 'ascending';
  return sorting.by === `-${sort}` ? 'descending' : 'none';
}

/** @param {{numeric?: boolean, minor?: boolean, sentence?: boolean}} column */
function kindOf({ numeric, minor, sentence }) {
  return [numeric && 'number', minor && 'minor', sentence && 'sentence'].filter(Boolean).join(' ') || undefined;
}

import { dayTime, time } from '../clock.js';
import { card, empty, h, name } from '../dom.js';
import { number } from '../format.js';
import { table } from '../table.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['waiting']} Waiting
 * @typedef {Waiting['waiting'][number]} WaitingWork
 */

const TITLE = 'Waiting pods';
/** Rows of the timeline. */
const MAX_LANES = 40;

/**
 * Pods and Jobs that wait for a cleaner hour: a timeline, and a table with the plan and the reason of each.
 * @param {Waiting} response
 * @param {number} now
 */
export function waitingCard({ deferral, total, waiting }, now) {
  if (deferral === 'off')
    return card(
      TITLE,
      empty('Waiting is switched off', 'The deferral controller does not run. Set ', h('code', {}, 'DEFERRAL=on'), '.'),
    );
  if (total === null)
    return card(
      TITLE,
      empty('Waiting pods are not known yet', 'The deferral controller has not listed the cluster so far.'),
    );
  if (total === 0)
    return card(
      TITLE,
      empty(
        'Nothing is waiting',
        'Gated pods and suspended Jobs with ',
        h('code', {}, 'carbon-extender.io/max-delay'),
        ' appear here with their planned start.',
      ),
    );
  return card(
    TITLE,
    timeline(waiting.slice(0, MAX_LANES), now),
    workTable(waiting, now),
    total > waiting.length && note(waiting.length, total),
  );
}

/**
 * @param {number} listed
 * @param {number} total
 */
function note(listed, total) {
  return h('p', { class: 'note' }, `Showing ${listed} of ${total}, nearest deadline first.`);
}

/**
 * One bar per pod from arrival to deadline, with a mark at the planned start.
 * @param {readonly WaitingWork[]} waiting
 * @param {number} now
 */
function timeline(waiting, now) {
  const from = Math.min(now, ...waiting.map(({ arrived }) => Date.parse(arrived)));
  const to = Math.max(now + 3_600_000, ...waiting.map(({ deadline }) => Date.parse(deadline)));
  const share = (/** @type {number} */ ms) => `${((ms - from) / (to - from)) * 100}%`;
  const mark = (/** @type {string} */ kind, /** @type {number} */ at, /** @type {string} */ title) => {
    const element = h('span', { class: kind, title });
    element.style.left = share(at);
    return element;
  };
  const lanes = waiting.map((work) => {
    const [arrived, deadline] = [Date.parse(work.arrived), Date.parse(work.deadline)];
    const wait = h('span', { class: 'wait', title: `deadline ${time(work.deadline, true)}` });
    wait.style.left = share(arrived);
    wait.style.width = `${((deadline - arrived) / (to - from)) * 100}%`;
    const start =
      work.planned_start &&
      mark('start', Date.parse(work.planned_start), `planned start ${time(work.planned_start, true)}`);
    return h(
      'div',
      { class: 'lane' },
      h('span', { class: 'lane-name' }, name(work.name)),
      h('span', { class: 'lane-track' }, wait, start, mark('present', now, 'now')),
    );
  });
  return h(
    'div',
    {
      class: 'timeline',
      role: 'img',
      'aria-label': 'Timeline from arrival to deadline with planned starts; the table below has the same data',
    },
    lanes,
    h(
      'div',
      { class: 'lane scale' },
      h('span', { class: 'lane-name' }),
      h('span', { class: 'lane-track' }, h('span', {}, dayTime(from)), h('span', {}, dayTime(to))),
    ),
  );
}

/**
 * @param {readonly WaitingWork[]} waiting
 * @param {number} now
 */
function workTable(waiting, now) {
  /** @type {import('../table.js').TableColumn<WaitingWork>[]} */
  const columns = [
    { title: 'Name', cell: (work) => [name(work.name), h('small', {}, `${work.kind} in `, name(work.namespace))] },
    { title: 'Waiting since', numeric: true, minor: true, cell: (work) => dayTime(work.arrived) },
    {
      title: 'Planned start',
      numeric: true,
      cell: (work) => (work.planned_start ? dayTime(work.planned_start) : 'no plan yet'),
    },
    { title: 'Deadline', numeric: true, cell: (work) => dayTime(work.deadline) },
    {
      title: 'Expected saving',
      numeric: true,
      cell: ({ expected_saving_percent: saving }) => (saving === null ? '–' : `${number(saving)} %`),
    },
    { title: 'Reason', cell: (work) => reasonOf(work, now) },
  ];
  return table('Waiting pods and Jobs', columns, waiting);
}

/**
 * @param {WaitingWork} work
 * @param {number} now
 */
function reasonOf({ planned_start: start, expected_saving_percent: saving, over_budget: isOver }, now) {
  const why = isOver ? '; it may wait longer, its namespace has used up its carbon budget' : '';
  if (start === null) return 'waiting for a forecast to plan with';
  if (Date.parse(start) <= now) return 'the planned start is reached; it is being released';
  return saving === null
    ? `a cleaner hour is planned${why}`
    : `electricity will be ${number(saving)} % cleaner then${why}`;
}

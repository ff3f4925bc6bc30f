import { dayTime } from '../clock.js';
import { card, empty, h, name } from '../dom.js';
import { percent } from '../format.js';
import { table } from '../table.js';
import { timeline } from './timeline.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['waiting']} Waiting
 * @typedef {Waiting['waiting'][number]} WaitingWork
 */

const TITLE = 'Waiting pods and Jobs';
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
      empty('Waiting work is not known yet', 'The deferral controller has not listed the cluster so far.'),
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
      cell: ({ planned_start: start, zone }) =>
        start === null ? 'no plan yet' : [dayTime(start), zone !== null && h('small', {}, name(zone))],
    },
    { title: 'Deadline', numeric: true, cell: (work) => dayTime(work.deadline) },
    {
      title: 'Expected saving',
      numeric: true,
      cell: ({ expected_saving_percent: saving }) => (saving === null ? '–' : percent(saving / 100)),
    },
    { title: 'Reason', sentence: true, cell: (work) => reasonOf(work, now) },
  ];
  return table('Waiting pods and Jobs', columns, waiting);
}

/**
 * @param {WaitingWork} work
 * @param {number} now
 */
function reasonOf({ planned_start: start, expected_saving_percent: saving, over_budget: isOver, paused_since }, now) {
  const why = isOver ? '; it may wait longer, its namespace has used up its carbon budget' : '';
  if (start === null) return 'waiting for a forecast to plan with';
  if (Date.parse(start) <= now) return 'the planned start is reached; it is being released';
  if (paused_since !== null)
    return `paused since ${dayTime(paused_since)}${saving === null ? '' : `, which saves ${percent(saving / 100)}`}`;
  return saving === null
    ? `a cleaner hour is planned${why}`
    : `electricity will be ${percent(saving / 100)} cleaner then${why}`;
}

import { dayTime, time } from '../clock.js';
import { h, name } from '../dom.js';

/** @typedef {import('../responses.ts').ApiResponses['waiting']['waiting'][number]} WaitingWork */

/** Least length of the time that is shown ahead, in milliseconds. */
const LEAST_AHEAD_MS = 3_600_000;

/**
 * One row for each piece of waiting work, from arrival to deadline: when it ran, and when it is planned to run.
 * @param {readonly WaitingWork[]} waiting
 * @param {number} now
 */
export function timeline(waiting, now) {
  const ends = waiting.flatMap(({ deadline, pieces }) => [deadline, ...pieces.map(({ end }) => end)]);
  const starts = waiting.flatMap(({ arrived, pieces }) => [arrived, ...pieces.map(({ start }) => start)]);
  const from = Math.min(now, ...starts.map((text) => Date.parse(text)));
  const to = Math.max(now + LEAST_AHEAD_MS, ...ends.map((text) => Date.parse(text)));
  const share = (/** @type {number} */ ms) => `${((ms - from) / (to - from)) * 100}%`;
  /** @type {(kind: string, title: string, at: number, end?: number) => HTMLElement} */
  const mark = (kind, title, at, end) => {
    const element = h('span', { class: kind, title });
    element.style.left = share(at);
    if (end !== undefined) element.style.width = `${((end - at) / (to - from)) * 100}%`;
    return element;
  };
  const label =
    'Timeline from arrival to deadline with the hours that work ran and is planned to run; the table below has the same data';
  return h(
    'div',
    { class: 'timeline' },
    h(
      'div',
      { role: 'img', 'aria-label': label },
      waiting.map((work) => lane(work, mark, now)),
      scale(from, to),
    ),
    legend(waiting),
  );
}

/**
 * @param {WaitingWork} work
 * @param {(kind: string, title: string, at: number, end?: number) => HTMLElement} mark
 * @param {number} now
 */
function lane(work, mark, now) {
  const wait = mark(
    'wait',
    `may wait until ${time(work.deadline, true)}`,
    Date.parse(work.arrived),
    Date.parse(work.deadline),
  );
  const pieces = work.pieces.map(({ start, end, ran }) =>
    mark(
      ran ? 'piece ran' : 'piece planned',
      `${ran ? 'ran' : 'planned'} ${time(start, true)} to ${time(end)}`,
      Date.parse(start),
      Date.parse(end),
    ),
  );
  const start =
    work.planned_start !== null &&
    mark('start', `planned start ${time(work.planned_start, true)}`, Date.parse(work.planned_start));
  return h(
    'div',
    { class: 'lane' },
    h('span', { class: 'lane-name' }, name(work.name)),
    h('span', { class: 'lane-track' }, wait, pieces, start, mark('present', 'now', now)),
  );
}

/**
 * @param {number} from
 * @param {number} to
 */
function scale(from, to) {
  return h(
    'div',
    { class: 'lane scale' },
    h('span', { class: 'lane-name' }),
    h('span', { class: 'lane-track' }, h('span', {}, dayTime(from)), h('span', {}, dayTime(to))),
  );
}

/** @param {readonly WaitingWork[]} waiting */
function legend(waiting) {
  const hasRun = waiting.some(({ pieces }) => pieces.some(({ ran }) => ran));
  const kinds = [
    ['wait', 'from arrival to deadline'],
    ['piece planned', 'planned to run'],
    ...(hasRun ? [['piece ran', 'ran before it was paused']] : []),
    ['present', 'now'],
  ];
  return h(
    'p',
    { class: 'legend lane-legend' },
    kinds.map(([kind, text]) => h('span', {}, h('i', { class: kind }), ` ${text} `)),
  );
}

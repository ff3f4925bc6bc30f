import { request } from '../api.js';
import { h, select } from '../dom.js';
import { fill } from '../fill.js';
import { choose } from '../location.js';
import { budgetsCard } from './budgets.js';
import { placementsCard } from './placements.js';
import { savingsCard } from './savings.js';
import { waitingCard } from './waiting.js';

/** @type {readonly (readonly [window: string, text: string, hours: number])[]} */
const WINDOWS = [
  ['60m', 'Last hour', 1],
  ['24h', 'Last 24 hours', 24],
  ['7d', 'Last 7 days', 168],
  ['30d', 'Last 30 days', 720],
];

/**
 * Waiting pods, savings, budgets and placements.
 * @param {HTMLElement} place
 * @param {import('../location.js').Choices} choices
 */
export function schedulingView(place, choices) {
  const [window, , hours] = WINDOWS.find(([key]) => key === choices.window) ?? /** @type {const} */ (['24h', '', 24]);
  const [waiting, budgets, savings, placed] = ['waiting', 'budgets', 'savings', 'placed'].map((id) => h('div', { id }));
  const options = WINDOWS.map(([key, text]) => /** @type {const} */ ([key, text]));
  const selector = select('Window', window, options, (value) => choose({ window: value }));
  const places = [waiting, budgets, savings, placed].filter((part) => part !== undefined);
  place.append(h('div', { class: 'controls' }, selector), ...places);
  /** @type {(index: number, what: string, task: () => Promise<import('../dom.js').Child>) => void} */
  const show = (index, what, task) => void fill(places[index] ?? place, what, task);
  const showWaiting = () => show(0, 'waiting pods', async () => waitingCard(await request('/api/waiting'), Date.now()));
  const showAll = () => {
    showWaiting();
    show(2, 'savings', async () => savingsCard(await request(savingsPath(hours))));
    show(1, 'budgets', async () => budgetsCard(await request('/api/budgets')));
    show(3, 'placements', async () => placementsCard(await request(`/api/decisions?window=${window}&limit=50`)));
  };
  showAll();
  return {
    onEvent: (/** @type {string} */ kind) => (kind === 'decisions' || kind === 'back' ? showAll() : showWaiting()),
  };
}

/** @param {number} hours */
function savingsPath(hours) {
  const end = Date.now();
  const [from, to] = [end - hours * 3_600_000, end].map((ms) => new Date(ms).toISOString());
  return `/api/savings?start_time=${from}&end_time=${to}`;
}

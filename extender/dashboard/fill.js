import { h, nodesOf } from './dom.js';

/** @type {WeakMap<HTMLElement, symbol>} the newest fill of each place */
const newest = new WeakMap();

/**
 * Fills a place with the result of a task: a placeholder first, then the result or the error. A later fill of the same
 * place replaces an earlier one that is still running.
 * @param {HTMLElement} place
 * @param {string} what name of the data, for screen readers
 * @param {() => Promise<import('./dom.js').Child>} task
 * @param {() => void} [retry] what `Try again` does after an error; by default the same task
 */
export async function fill(place, what, task, retry = () => void fill(place, what, task)) {
  const turn = Symbol(what);
  newest.set(place, turn);
  // Existing content stays until the new one arrives: a live update must not flicker.
  if (place.childElementCount === 0) place.replaceChildren(loading(what));
  place.setAttribute('aria-busy', 'true');
  const shown = await task().catch((error) => failed(error, retry));
  if (newest.get(place) !== turn) return;
  place.removeAttribute('aria-busy');
  place.replaceChildren(...nodesOf([shown]));
}

/** @param {string} what */
function loading(what) {
  return h(
    'div',
    { class: 'loading', role: 'status' },
    h('span', { class: 'hidden' }, `Loading ${what}`),
    ['wide', '', '', 'short'].map((size) => h('div', { class: `bone ${size}` })),
  );
}

/**
 * @param {Error} error
 * @param {() => void} retry
 */
function failed(error, retry) {
  return h(
    'div',
    { class: 'failed', role: 'alert' },
    h('p', { class: 'empty-title' }, 'This could not be loaded'),
    h('p', {}, error.message),
    h('button', { type: 'button', onclick: retry }, 'Try again'),
  );
}

/** Resolves once what was filled in is on the screen, or after 100 ms in a tab that is not shown. */
export function painted() {
  return new Promise((resolve) => {
    setTimeout(resolve, 100);
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

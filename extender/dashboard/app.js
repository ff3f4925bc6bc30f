import { byId, request } from './api.js';
import { isLocal, setLocal, timeZone } from './clock.js';
import { h } from './dom.js';
import { fill } from './fill.js';
import { listen } from './live.js';
import { choose, current, urlWith } from './location.js';

/** @typedef {import('./responses.ts').ApiResponses['grid']} Grid */

/**
 * @typedef {object} View what a view returns
 * @property {(kind: string, data?: any) => void} [onEvent] called for server events, and with 'back' after a reconnect
 * @property {() => void} [stop] called before another view replaces it
 */

/**
 * @typedef {(place: HTMLElement, choices: import('./location.js').Choices) => View} ShowView
 * @typedef {{title: string, load: () => Promise<ShowView>}} ViewEntry a view is loaded when it is first shown
 */

/** @type {Record<string, ViewEntry>} */
const VIEWS = {
  now: { title: 'Now', load: async () => (await import('./views/now.js')).nowView },
  time: { title: 'Time', load: async () => (await import('./views/time.js')).timeView },
  emissions: { title: 'Emissions', load: async () => (await import('./views/emissions.js')).emissionsView },
  scheduling: { title: 'Scheduling', load: async () => (await import('./views/scheduling.js')).schedulingView },
  sites: { title: 'Sites', load: async () => (await import('./views/sites.js')).sitesView },
};
/** The other views are loaded this long after the first response, in milliseconds, so that a click finds them there. */
const REST_AFTER_MS = 1_000;

/** @type {Map<string, ShowView>} */
const loaded = new Map();
const content = byId('content');
const live = byId('live');
/** @type {View | undefined} */
let shown;

/** @param {{focus?: boolean}} [options] */
function draw({ focus = false } = {}) {
  const choices = current();
  const key = choices.view && Object.hasOwn(VIEWS, choices.view) ? choices.view : 'now';
  const { title } = /** @type {ViewEntry} */ (VIEWS[key]);
  document.title = `${title} · carbon-extender`;
  drawNav(key);
  const restoreFocus = focusKeeper();
  shown?.stop?.();
  shown = undefined;
  const place = h('div', { class: 'view' });
  content.replaceChildren(h('h1', {}, title), place);
  const show = loaded.get(key);
  if (show) shown = show(place, choices);
  else void showLater(place, key, choices);
  if (focus) content.focus();
  else restoreFocus();
}

/**
 * Shows a view that is not loaded yet, unless another one was selected in the meantime.
 * @param {HTMLElement} place
 * @param {string} key
 * @param {import('./location.js').Choices} choices
 */
async function showLater(place, key, choices) {
  try {
    const show = await loadView(key);
    if (place.isConnected) shown = show(place, choices);
  } catch {
    // A browser does not try a module again that failed to load, and after an update of the server it has another name.
    void fill(
      place,
      'page',
      () => Promise.reject(new Error('The page was updated, or the API cannot be reached.')),
      () => location.reload(),
    );
  }
}

/** @param {string} key */
async function loadView(key) {
  const show = await /** @type {ViewEntry} */ (VIEWS[key]).load();
  loaded.set(key, show);
  return show;
}

/** Loads the views that are not shown, one after the other, while there is nothing else to do. */
async function loadRest() {
  for (const key of Object.keys(VIEWS)) if (!loaded.has(key)) await loadView(key);
}

/** Remembers the focused element and its caret; the returned function restores both in what replaced it. */
function focusKeeper() {
  const active = document.activeElement;
  const caret =
    active instanceof HTMLInputElement && /^(text|search)$/.test(active.type) ? active.selectionStart : null;
  return () => {
    const next = active?.id ? document.getElementById(active.id) : null;
    next?.focus();
    if (caret !== null && next instanceof HTMLInputElement) next.setSelectionRange(caret, caret);
  };
}

/** @param {string} active */
function drawNav(active) {
  const links = Object.entries(VIEWS).map(([view, { title }]) => {
    const href = urlWith({ view: view === 'now' ? undefined : view }, {});
    const onclick = (/** @type {MouseEvent} */ event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, '', href);
      draw({ focus: true });
    };
    return h('a', { href, onclick, id: `nav-${view}`, 'aria-current': view === active && 'page' }, title);
  });
  byId('nav').replaceChildren(...links);
}

/** The switch between UTC and the viewer's time zone, and the footer that names the one in use. */
function drawClock() {
  const toggle = byId('clock');
  toggle.textContent = isLocal() ? 'Local time' : 'UTC';
  toggle.title = `Times are shown in ${timeZone()}. Switch to ${isLocal() ? 'UTC' : 'your time zone'}.`;
  byId('footer-zone').textContent = timeZone();
}

/** @param {Grid} grid */
function showBanner(grid) {
  const banner = byId('banner');
  const simulated = simulationNotice(grid);
  const notices = [];
  if (simulated) notices.push(h('p', { class: 'simulated' }, h('strong', {}, 'Simulated. '), simulated));
  if (grid.state === 'stale')
    notices.push(
      h(
        'p',
        { class: 'stale' },
        h('strong', {}, 'Stale. '),
        'Carbon intensity is too old for scheduling: all nodes score the same until it is updated.',
      ),
    );
  if (grid.state === 'missing')
    notices.push(
      h(
        'p',
        { class: 'stale' },
        h('strong', {}, 'No carbon intensity. '),
        'All nodes score the same; no zone is ranked.',
      ),
    );
  banner.replaceChildren(...notices);
  banner.hidden = notices.length === 0;
}

/**
 * What is simulated; undefined when nothing is known to be.
 * @param {Grid} grid
 */
function simulationNotice({ simulated, simulated_power: power }) {
  if (simulated && power) return 'Carbon intensity and power are simulated, and so is every gram shown here.';
  if (power) return 'The power of containers is simulated, and so are energy and grams.';
  return simulated ? 'Carbon intensity is simulated, and so are grams and placements.' : undefined;
}

/** @param {import('./live.js').LiveState} state */
function setLive(state) {
  live.className = state === 'live' ? 'live connected' : 'live lost';
  live.textContent = state === 'live' ? 'Live' : 'Connection lost, reconnecting';
}

addEventListener('popstate', () => draw());
byId('brand').addEventListener('click', (event) => {
  event.preventDefault();
  choose(Object.fromEntries(Object.keys(current()).map((key) => [key, undefined])));
});
byId('clock').addEventListener('click', () => {
  setLocal(!isLocal());
  drawClock();
  draw();
});
drawClock();
draw();

/** The grid that views know of; empty where that is not certain. */
let gridKnown = '';

/**
 * Differs where two responses differ in more than their age.
 * @param {Grid} grid
 */
function gridKey({ state, written_at, reason, simulated_power }) {
  return [state, written_at, reason, simulated_power].join(' ');
}

// The first request also asks for a token, before a stream is opened that needs one.
const first = await request('/api/grid').catch(() => undefined);
if (first) {
  gridKnown = gridKey(first);
  showBanner(first);
}
// What cannot be loaded now is loaded when its view is selected.
setTimeout(() => void loadRest().catch(() => undefined), REST_AFTER_MS);
/** @type {import('./live.js').LiveState} */
let before = 'live';
void listen({
  onEvent(kind, data) {
    if (kind === 'grid') {
      // The server sends the grid to each new listener, also where it has not changed.
      if (gridKey(data) === gridKnown) return;
      gridKnown = gridKey(data);
      showBanner(data);
    }
    shown?.onEvent?.(kind, data);
  },
  onState(state) {
    setLive(state);
    if (state === 'lost') gridKnown = '';
    if (state === 'live' && before === 'lost') shown?.onEvent?.('back');
    before = state;
  },
});

import { byId, request } from './api.js';
import { isLocal, setLocal, timeZone } from './clock.js';
import { h } from './dom.js';
import { listen } from './live.js';
import { choose, current, urlWith } from './location.js';
import { emissionsView } from './views/emissions.js';
import { nowView } from './views/now.js';
import { schedulingView } from './views/scheduling.js';
import { sitesView } from './views/sites.js';
import { timeView } from './views/time.js';

/** @typedef {import('./responses.ts').ApiResponses['grid']} Grid */

/**
 * @typedef {object} View what a view returns
 * @property {(kind: string, data?: any) => void} [onEvent] called for server events, and with 'back' after a reconnect
 * @property {() => void} [stop] called before another view replaces it
 */

/** @type {Record<string, {title: string, view: (place: HTMLElement, choices: import('./location.js').Choices) => View}>} */
const VIEWS = {
  now: { title: 'Now', view: nowView },
  time: { title: 'Time', view: timeView },
  emissions: { title: 'Emissions', view: emissionsView },
  scheduling: { title: 'Scheduling', view: schedulingView },
  sites: { title: 'Sites', view: sitesView },
};

const content = byId('content');
const live = byId('live');
/** @type {View | undefined} */
let shown;

/** @param {{focus?: boolean}} [options] */
function draw({ focus = false } = {}) {
  const choices = current();
  const key = choices.view && Object.hasOwn(VIEWS, choices.view) ? choices.view : 'now';
  const { title, view } = /** @type {typeof VIEWS[string]} */ (VIEWS[key]);
  document.title = `${title} · carbon-extender`;
  drawNav(key);
  const restoreFocus = focusKeeper();
  shown?.stop?.();
  const place = h('div', { class: 'view' });
  content.replaceChildren(h('h1', {}, title), place);
  shown = view(place, choices);
  if (focus) content.focus();
  else restoreFocus();
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

// The first request also asks for a token, before a stream is opened that needs one.
const first = await request('/api/grid').catch(() => undefined);
if (first) showBanner(first);
/** @type {import('./live.js').LiveState} */
let before = 'live';
void listen({
  onEvent(kind, data) {
    if (kind === 'grid') showBanner(data);
    shown?.onEvent?.(kind, data);
  },
  onState(state) {
    setLive(state);
    if (state === 'live' && before === 'lost') shown?.onEvent?.('back');
    before = state;
  },
});

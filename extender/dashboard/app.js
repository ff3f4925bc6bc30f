import { ask } from './api.js';
import { h } from './dom.js';
import { listen } from './live.js';
import { choose, current, urlWith } from './location.js';
import { emissionsView } from './views/emissions.js';
import { nowView } from './views/now.js';
import { schedulingView } from './views/scheduling.js';
import { sitesView } from './views/sites.js';
import { timeView } from './views/time.js';

const VIEWS = {
  now: { title: 'Now', view: nowView },
  time: { title: 'Time', view: timeView },
  emissions: { title: 'Emissions', view: emissionsView },
  scheduling: { title: 'Scheduling', view: schedulingView },
  sites: { title: 'Sites', view: sitesView },
};

const content = document.getElementById('content');
const live = document.getElementById('live');
let shown;

function draw({ focus = false } = {}) {
  const choices = current();
  const key = Object.hasOwn(VIEWS, choices.view) ? choices.view : 'now';
  document.title = `${VIEWS[key].title} · carbon-extender`;
  drawNav(key);
  const focused = document.activeElement?.id;
  shown?.stop?.();
  const place = h('div', { class: 'view' });
  content.replaceChildren(h('h1', {}, VIEWS[key].title), place);
  shown = { key, ...VIEWS[key].view(place, choices) };
  if (focus) content.focus();
  else if (focused) document.getElementById(focused)?.focus();
}

function drawNav(key) {
  const links = Object.entries(VIEWS).map(([view, { title }]) => {
    const href = urlWith({ view: view === 'now' ? undefined : view }, {});
    const onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, '', href);
      draw({ focus: true });
    };
    return h('a', { href, onclick, id: `nav-${view}`, 'aria-current': view === key && 'page' }, title);
  });
  document.getElementById('nav').replaceChildren(...links);
}

function showBanner(grid) {
  const banner = document.getElementById('banner');
  const told = [];
  const invented = inventedOf(grid);
  if (invented) told.push(h('p', { class: 'simulated' }, h('strong', {}, 'Simulated. '), invented));
  if (grid.state === 'stale')
    told.push(
      h(
        'p',
        { class: 'stale' },
        h('strong', {}, 'Stale. '),
        'The grid data is too old to steer pods: scores are neutral until it is renewed.',
      ),
    );
  if (grid.state === 'missing')
    told.push(
      h('p', { class: 'stale' }, h('strong', {}, 'No grid data. '), 'Scores are neutral, and no zone is ranked.'),
    );
  banner.replaceChildren(...told);
  banner.hidden = told.length === 0;
}

/** What is invented for a demonstration; undefined where nothing is known to be. */
function inventedOf({ simulated, simulated_power: power }) {
  if (simulated && power) return 'Carbon intensity and power are invented for a demonstration, and so is every gram.';
  if (power) return 'The power of containers is invented for a demonstration, and so are energy and grams.';
  return simulated ? 'Carbon intensity is invented for a demonstration, and so are grams and placements.' : undefined;
}

function setLive(state) {
  live.className = state === 'live' ? 'live connected' : 'live lost';
  live.textContent = state === 'live' ? 'Live' : 'Connection lost, trying again';
}

addEventListener('popstate', () => draw());
document.querySelector('.brand').addEventListener('click', (event) => {
  event.preventDefault();
  choose({ ...Object.fromEntries(Object.keys(current()).map((key) => [key, undefined])) });
});
draw();

// The first question also asks for the token, before a stream is opened that could not.
const first = await ask('/api/grid').catch(() => undefined);
if (first) showBanner(first);
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

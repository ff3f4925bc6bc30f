import { h, name, select } from '../dom.js';
import { choose } from '../location.js';
import { BY, FILTERS, IDLE, idleOf, queryOf, WINDOWS } from './emissions-query.js';
import { MEASURES } from './measures.js';

/** @typedef {import('../location.js').Choices} Choices */

/** Typing pauses this long before a search starts, in milliseconds. */
const SEARCH_DELAY_MS = 80;

/**
 * @param {HTMLElement} place
 * @param {Choices} choices
 * @param {readonly string[]} zones
 */
export function drawControls(place, choices, zones) {
  // Redrawing would take the focus away from a control in use.
  if (place.contains(document.activeElement) && place.childElementCount > 0) return;
  const { by, unit } = queryOf(choices);
  const window = choices.window || '24h';
  const known = WINDOWS.map(([key, text]) => /** @type {const} */ ([key, text]));
  const windows = known.some(([key]) => key === window) ? known : [...known, /** @type {const} */ ([window, window])];
  const others = [...new Set([...(choices.zone ? [choices.zone] : []), ...zones])];
  place.replaceChildren(
    select('Window', window, windows, (value) => choose({ window: value, offset: undefined })),
    select('Group by', by, BY, (value) => choose({ by: value, offset: undefined, sort: undefined })),
    ...(by === 'label' ? [labelField(choices.label ?? 'app')] : []),
    select(
      'Show',
      unit,
      Object.entries(MEASURES).map(([key, { text }]) => /** @type {const} */ ([key, text])),
      (value) => choose({ unit: value }),
    ),
    select('Idle energy', idleOf(choices), IDLE, (value) => choose({ idle: value, offset: undefined })),
    select(
      'What if all ran in',
      choices.zone ?? '',
      [['', 'no what-if'], ...others.map((code) => /** @type {const} */ ([code, code]))],
      (value) => choose({ zone: value }),
    ),
    searchField(choices.search ?? ''),
  );
}

/** @param {string} label */
function labelField(label) {
  const input = h('input', {
    id: 'label-name',
    value: label,
    autocomplete: 'off',
    spellcheck: 'false',
    onchange: (event) => choose({ label: event.target.value.trim(), offset: undefined }),
  });
  return h('div', { class: 'field' }, h('label', { for: 'label-name' }, 'Label'), input);
}

/** @param {string} text */
function searchField(text) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const oninput = (/** @type {InputEvent} */ event) => {
    clearTimeout(timer);
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    timer = setTimeout(() => choose({ search: value, offset: undefined }), SEARCH_DELAY_MS);
  };
  const input = h('input', {
    id: 'search',
    type: 'search',
    value: text,
    placeholder: 'Name',
    autocomplete: 'off',
    oninput,
  });
  return h('div', { class: 'field' }, h('label', { for: 'search' }, 'Search'), input);
}

/** @param {Choices} choices */
export function filterChips(choices) {
  const active = FILTERS.filter((filter) => choices[filter]);
  return h(
    'p',
    { class: 'filters', id: 'filters' },
    active.map((filter) =>
      h(
        'button',
        {
          type: 'button',
          class: 'filter',
          'aria-label': `Remove filter ${filter} ${choices[filter]}`,
          onclick: () => choose({ [filter]: undefined, offset: undefined }),
        },
        `${filter}: `,
        name(choices[filter] ?? ''),
        ' ×',
      ),
    ),
  );
}

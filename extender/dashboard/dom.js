/** Makes an element. Children that are strings become text, never markup: names are chosen by strangers. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

/** A name that somebody else chose: kept apart from its surroundings whatever its direction, whole in the title. */
export function name(text) {
  return h('bdi', { class: 'name', title: text }, text);
}

/** A card with a heading. */
export function card(title, ...children) {
  const id = `card-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}

/** A table that scrolls within itself. Columns: {title, numeric, minor, cell}; minor ones are left out on a small screen. */
export function table(caption, columns, rows) {
  const head = h(
    'tr',
    {},
    columns.map((column) => h('th', { scope: 'col', class: kindOf(column) }, column.title)),
  );
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      columns.map((column, at) =>
        h(at === 0 ? 'th' : 'td', { scope: at === 0 && 'row', class: kindOf(column) }, column.cell(row)),
      ),
    ),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', { class: 'hidden' }, caption), h('thead', {}, head), h('tbody', {}, body)),
  );
}

function kindOf({ numeric, minor }) {
  return [numeric && 'number', minor && 'minor'].filter(Boolean).join(' ') || undefined;
}

/** Where there is nothing to show: what is missing, and what brings it. */
export function empty(title, ...hint) {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', {}, ...hint));
}

/** Grey shapes while data is on its way. */
export function loading(what) {
  return h(
    'div',
    { class: 'loading', role: 'status' },
    h('span', { class: 'hidden' }, `Loading ${what}`),
    h('div', { class: 'bone wide' }),
    h('div', { class: 'bone' }),
    h('div', { class: 'bone' }),
    h('div', { class: 'bone short' }),
  );
}

/** A fault, in the API's words, and a way to try again. */
export function failed(error, retry) {
  return h(
    'div',
    { class: 'failed', role: 'alert' },
    h('p', { class: 'empty-title' }, 'This could not be loaded'),
    h('p', {}, error.message),
    h('button', { type: 'button', onclick: retry }, 'Try again'),
  );
}

/** A labelled select. */
export function select(label, value, options, onchange) {
  const id = `select-${label.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  const box = h(
    'select',
    { id, onchange: (event) => onchange(event.target.value) },
    options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)),
  );
  return h('div', { class: 'field' }, h('label', { for: id }, label), box);
}

/** A figure with its unit and what it means. */
export function figure(label, value, unit = '', note = '') {
  return h(
    'div',
    { class: 'figure' },
    h('dt', {}, label),
    h('dd', {}, h('strong', {}, value), unit && value !== '–' && ` ${unit}`, note && h('small', {}, note)),
  );
}

/** Fills a place by a task: loading, then what it gives, or its fault. A later fill of the same place wins. */
export function fill(place, what, task) {
  const turn = Symbol(what);
  place.turn = turn;
  // What is already shown stays until its successor is there: a live update must not flicker.
  if (place.childElementCount === 0) place.replaceChildren(loading(what));
  place.setAttribute('aria-busy', 'true');
  const show = (...shown) => {
    if (place.turn !== turn) return;
    place.removeAttribute('aria-busy');
    place.replaceChildren(...shown);
  };
  return task().then(
    (shown) => show(...[shown].flat().filter(Boolean)),
    (error) => show(failed(error, () => fill(place, what, task))),
  );
}

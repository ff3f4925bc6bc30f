/**
 * @typedef {Node | string | number | false | null | undefined} Leaf
 * @typedef {Leaf | readonly Child[]} Child text, an element, or a list of them; false, null and undefined are left out
 * @typedef {(event: any) => void} Handler of an event whose type its name determines
 */

/**
 * Makes an element. Text children never become markup: workloads choose their own names.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | null | undefined | Handler>} [attributes] `on…` are listeners
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...nodesOf(children));
  return element;
}

/**
 * Children in one flat list, without those that are left out.
 * @param {readonly Child[]} children
 * @returns {(Node | string)[]}
 */
export function nodesOf(children) {
  return children.flatMap((child) => {
    if (child === undefined || child === null || child === false) return [];
    if (child instanceof Node) return [child];
    return typeof child === 'object' ? nodesOf(child) : [String(child)];
  });
}

/**
 * A name from a cluster: isolated from the text around it whatever its direction, complete in the tooltip.
 * @param {string} text
 */
export function name(text) {
  return h('bdi', { class: 'name', title: text }, text);
}

/**
 * A card with a heading.
 * @param {string} title
 * @param {...Child} children
 */
export function card(title, ...children) {
  const id = `card-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}

/**
 * A message in place of data that does not exist: what is missing, and how to get it.
 * @param {string} title
 * @param {...Child} hint
 */
export function empty(title, ...hint) {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', {}, ...hint));
}

/**
 * A labelled select.
 * @param {string} label
 * @param {string} value
 * @param {readonly (readonly [value: string, text: string])[]} options
 * @param {(value: string) => void} onchange
 */
export function select(label, value, options, onchange) {
  const id = `select-${label.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  const box = h(
    'select',
    { id, onchange: (event) => onchange(event.target.value) },
    options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)),
  );
  return h('div', { class: 'field' }, h('label', { for: id }, label), box);
}

/**
 * A figure with its unit and a note.
 * @param {string} label
 * @param {string} value
 * @param {string} [unit]
 * @param {Child} [note]
 */
export function figure(label, value, unit = '', note = '') {
  return h(
    'div',
    { class: 'figure' },
    h('dt', {}, label),
    h('dd', {}, h('strong', {}, value), unit && value !== '–' && ` ${unit}`, note && h('small', {}, note)),
  );
}

/**
 * A bar whose length is the share of the largest value; decorative, so the number is shown beside it.
 * @param {number} value
 * @param {number} largest
 * @param {string} kind class of its colour
 */
export function bar(value, largest, kind) {
  const inner = h('span', { class: `fill ${kind}` });
  inner.style.width = `${Math.max(0.5, Math.min(100, (value / largest) * 100))}%`;
  return h('span', { class: 'track', 'aria-hidden': 'true' }, inner);
}

/**
 * A small label of a data quality or state; a dash for none.
 * @param {string | null | undefined} text
 * @param {string} [kind] class of its colour
 */
export function chip(text, kind = text ?? '') {
  return text ? h('span', { class: `chip ${kind}` }, text) : '–';
}

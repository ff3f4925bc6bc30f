/** @typedef {Record<string, string | undefined>} Choices what the URL selects: the view and its options */

/**
 * The choices of the URL, so that a shared link shows the same view.
 * @returns {Choices}
 */
export function current() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/**
 * The URL with some choices changed; undefined or empty removes one.
 * @param {Choices} changes
 * @param {Choices} [base]
 */
export function urlWith(changes, base = current()) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...base, ...changes }))
    if (value !== undefined && value !== '') query.set(key, value);
  const text = query.toString();
  return text === '' ? '/' : `/?${text}`;
}

/**
 * Changes choices in the URL and redraws the view.
 * @param {Choices} changes
 */
export function choose(changes) {
  history.pushState(null, '', urlWith(changes));
  dispatchEvent(new PopStateEvent('popstate'));
}

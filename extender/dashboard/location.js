/** What the URL says: the view and its choices, so that a link shows what its sender saw. */
export function current() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** The URL of the present one with some choices changed; undefined takes one away. */
export function urlWith(changes, keep = current()) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...keep, ...changes }))
    if (value !== undefined && value !== '') query.set(key, value);
  const text = query.toString();
  return text === '' ? '/' : `/?${text}`;
}

/** Changes choices in the URL and draws anew. */
export function choose(changes) {
  history.pushState(null, '', urlWith(changes));
  dispatchEvent(new PopStateEvent('popstate'));
}

const TOKEN_KEY = 'carbon-extender-token';
const TIMEOUT_MS = 30_000;

/** @type {Promise<void> | undefined} */
let tokenRequest;

/** A failed request, with the message of the API where it sent one. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 when there was no response
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @type {Map<string, Promise<any>>} GET requests on their way, by path */
const inFlight = new Map();

/**
 * Requests JSON from the API within 30 seconds. On 401 the user is asked for a token, and the request is repeated. Parts
 * of the page that GET the same at the same moment share one request and its response, which none of them changes.
 * @param {string} path
 * @param {{method?: string, body?: unknown}} [options]
 * @returns {Promise<any>} callers declare the type of the response
 */
export function request(path, { method = 'GET', body } = {}) {
  if (method !== 'GET') return requestJson(path, method, body);
  const shared = inFlight.get(path);
  if (shared) return shared;
  const own = requestJson(path, method, body).finally(() => inFlight.delete(path));
  inFlight.set(path, own);
  return own;
}

/**
 * @param {string} path
 * @param {string} method
 * @param {unknown} body
 */
async function requestJson(path, method, body) {
  for (;;) {
    const response = await send(path, { method, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 401) {
      await requestToken(sessionStorage.getItem(TOKEN_KEY) !== null);
      continue;
    }
    if (!response.ok) throw await errorOf(response);
    return response.json();
  }
}

/**
 * Sends a request with the stored token, and returns the response whatever its status is.
 * @param {string} path
 * @param {{method?: string, body?: unknown, signal?: AbortSignal}} [options]
 */
export async function send(path, { method = 'GET', body, signal } = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  try {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return await fetch(path, { method, headers, signal, cache: 'no-store', body: payload });
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    if (name === 'TimeoutError') throw new ApiError(0, 'The API did not respond within 30 seconds.');
    if (name === 'AbortError') throw error;
    throw new ApiError(0, 'The API cannot be reached.');
  }
}

/**
 * The element with an id of index.html.
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @returns {Kind}
 */
export function byId(id) {
  return /** @type {Kind} */ (document.getElementById(id));
}

/**
 * Lets the user enter a token; resolves once one was entered.
 * @param {boolean} rejected whether a token was sent before and rejected
 */
function requestToken(rejected) {
  tokenRequest ??= new Promise((resolve) => {
    /** @type {HTMLDialogElement} */
    const dialog = byId('token');
    /** @type {HTMLInputElement} */
    const input = byId('token-input');
    byId('token-error').textContent = rejected ? 'The API rejected that token.' : '';
    // Without a token there is nothing to show, so the dialog cannot be dismissed.
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    byId('token-form').onsubmit = () => {
      sessionStorage.setItem(TOKEN_KEY, input.value.trim());
      input.value = '';
      tokenRequest = undefined;
      resolve();
    };
    dialog.showModal();
    input.focus();
  });
  return tokenRequest;
}

/** @param {Response} response */
async function errorOf(response) {
  /** @type {{detail?: string, errors?: {pointer: string, detail: string}[]}} */
  const problem = await response.json().catch(() => ({}));
  const issues = (problem.errors ?? []).map(({ pointer, detail }) => `${pointer.replace(/^\//, '')} ${detail}`);
  const detail = problem.detail ?? `The API responded with status ${response.status}.`;
  return new ApiError(response.status, issues.length > 0 ? `Not valid: ${issues.join('; ')}.` : detail);
}

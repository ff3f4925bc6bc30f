const KEY = 'carbon-extender-token';
let asking;

/** A fault of a request, in the words of the API where it gave any. */
export class ApiError extends Error {
  constructor(status, message, errors = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** Asks the API; asks the user for a token when it is needed. Times out after half a minute. */
export async function ask(path, { method = 'GET', body, signal = AbortSignal.timeout(30_000) } = {}) {
  for (;;) {
    const response = await send(path, { method, body, signal });
    if (response.status === 401) {
      await tokenAsked(sessionStorage.getItem(KEY) !== null);
      signal = AbortSignal.timeout(30_000);
      continue;
    }
    if (!response.ok) throw await faultOf(response);
    return response.json();
  }
}

/** Asks with the token that is known, and gives the bare response. */
export async function send(path, { method = 'GET', body, signal } = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body && { 'Content-Type': 'application/json' }),
  };
  try {
    return await fetch(path, { method, headers, signal, cache: 'no-store', body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === 'TimeoutError') throw new ApiError(0, 'The API did not answer within 30 seconds.');
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The API cannot be reached.');
  }
}

/** Lets the user give a token; resolves when one was given. */
function tokenAsked(wrong) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById('token');
    const input = document.getElementById('token-input');
    document.getElementById('token-fault').textContent = wrong ? 'That token was refused.' : '';
    // Without a token there is nothing to show, so the question stays until it is answered.
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    document.getElementById('token-form').onsubmit = () => {
      sessionStorage.setItem(KEY, input.value.trim());
      input.value = '';
      asking = undefined;
      resolve();
    };
    dialog.showModal();
    input.focus();
  });
  return asking;
}

async function faultOf(response) {
  const problem = await response.json().catch(() => ({}));
  const errors = problem.errors ?? [];
  const more = errors.map(({ pointer, detail }) => `${pointer.replace(/^\//, '')} ${detail}`).join('; ');
  return new ApiError(
    response.status,
    [problem.detail ?? `The API answered ${response.status}.`, more].filter(Boolean).join(': '),
    errors,
  );
}

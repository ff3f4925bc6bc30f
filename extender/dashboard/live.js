import { send } from './api.js';

/** A stream without data for this long is dead, in milliseconds: heartbeats arrive every 15 s. */
const DEAD_AFTER_MS = 40_000;
const MAX_WAIT_MS = 30_000;

/**
 * @typedef {(kind: string, data: any) => void} OnEvent data is the parsed JSON of the event
 * @typedef {'live' | 'lost'} LiveState
 */

/**
 * Follows the server's events for as long as the page exists, and reconnects with growing delays. EventSource is not
 * used because it cannot send a token.
 * @param {{onEvent: OnEvent, onState: (state: LiveState) => void}} handlers
 */
export async function listen({ onEvent, onState }) {
  let wait = 1000;
  for (;;) {
    try {
      await followStream(onEvent, () => {
        wait = 1000;
        onState('live');
      });
    } catch {
      // The state is shown below, and the next attempt follows.
    }
    onState('lost');
    await online(wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, MAX_WAIT_MS);
  }
}

/**
 * Resolves after some time, or at once when the browser comes back online.
 * @param {number} ms
 * @returns {Promise<void>}
 */
function online(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    }
    addEventListener('online', done);
  });
}

/**
 * @param {OnEvent} onEvent
 * @param {() => void} onOpen
 */
async function followStream(onEvent, onOpen) {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), DEAD_AFTER_MS);
  const response = await send('/api/events', { signal: stop.signal });
  if (!response.ok || response.body === null) throw new Error(String(response.status));
  onOpen();
  let text = '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), DEAD_AFTER_MS);
      text += decoder.decode(value, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) emit(event, onEvent);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {string} event
 * @param {OnEvent} onEvent
 */
function emit(event, onEvent) {
  const field = (/** @type {string} */ name) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1];
  const [kind, data] = [field('event'), field('data')];
  if (kind === undefined || data === undefined || kind === 'heartbeat') return;
  onEvent(kind, JSON.parse(data));
}

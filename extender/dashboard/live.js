import { send } from './api.js';

/** A stream that says nothing for this long is gone: heartbeats come every 15 s. */
const SILENT_MS = 40_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Listens to the server's events for as long as the page lives, and comes back after a loss, ever more slowly. Not by
 * EventSource, which cannot send a token. `onState`: 'live', 'lost' or 'waiting'.
 */
export async function listen({ onEvent, onState }) {
  let wait = 1000;
  for (;;) {
    try {
      await oneStream(onEvent, () => {
        wait = 1000;
        onState('live');
      });
    } catch {
      // The state tells it; the next round tries again.
    }
    onState('lost');
    await new Promise((resolve) => {
      const timer = setTimeout(done, wait * (0.75 + Math.random() / 2));
      function done() {
        clearTimeout(timer);
        removeEventListener('online', done);
        resolve();
      }
      addEventListener('online', done);
    });
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

async function oneStream(onEvent, onOpen) {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), SILENT_MS);
  const response = await send('/api/events', { signal: stop.signal });
  if (!response.ok) throw new Error(String(response.status));
  onOpen();
  let text = '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), SILENT_MS);
      text += decoder.decode(value, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop();
      for (const part of parts) emit(part, onEvent);
    }
  } finally {
    clearTimeout(timer);
  }
}

function emit(part, onEvent) {
  const field = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
  const [kind, data] = [field('event'), field('data')];
  if (kind === undefined || data === undefined || kind === 'heartbeat') return;
  onEvent(kind, JSON.parse(data));
}

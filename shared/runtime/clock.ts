import { setTimeout as wait } from 'node:timers/promises';

/** Time as the program sees it; tests hand in one that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back. */
  monotonic(): number;
  /** Resolves after the time, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};

/** Waits until work has settled, at most for a time in milliseconds. No timer is left, which would keep the process running. */
export async function settledWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, clock.sleep(ms, over.signal)]);
  } finally {
    over.abort();
  }
}

/** Waits until work has settled or a signal is aborted; true for the work. Work that loses goes on, and its error is dropped. */
export async function settledUnlessAborted(signal: AbortSignal, work: Promise<unknown>): Promise<boolean> {
  const stopped = Promise.withResolvers<false>();
  const stop = () => stopped.resolve(false);
  work.catch(() => undefined);
  if (signal.aborted) return false;
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work.then(() => true), stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

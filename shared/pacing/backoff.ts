/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Delay after the first failure, in milliseconds. */
  readonly initialMs: number;
  /** Longest delay, in milliseconds. */
  readonly maxMs: number;
  /** What a delay is multiplied with for the next one; 2 by default. */
  readonly factor?: number;
  /** Share of each delay that is drawn at random, 0..1: 0 (default) none, 1 "full jitter" (anything from 0 to the delay). */
  readonly jitter?: number;
  /** A number in [0, 1); needed where `jitter` is not 0. */
  readonly random?: () => number;
}

/** Delays that grow from failure to failure. */
export interface Backoff {
  /** Records a failure; returns how many milliseconds to wait before the next attempt. */
  next(): number;
  /** Records a success: the next failure waits `initialMs` again. */
  reset(): void;
  /** Failures since the start or the last success. */
  readonly failures: number;
}

/** Delay in milliseconds after the failure of an attempt, counted from 0: exponential, limited, then jittered. */
export function backoffDelay(attempt: number, options: BackoffOptions): number {
  const { initialMs, maxMs, factor = 2, jitter = 0, random } = options;
  const delay = Math.min(maxMs, initialMs * factor ** Math.max(0, attempt));
  return random === undefined ? delay : delay * (1 - jitter + jitter * random());
}

/** Counts failures, and delays each next attempt by {@link backoffDelay}. */
export function createBackoff(options: BackoffOptions): Backoff {
  let failures = 0;
  return {
    next: () => backoffDelay(failures++, options),
    reset() {
      failures = 0;
    },
    get failures() {
      return failures;
    },
  };
}

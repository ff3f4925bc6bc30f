import { createBackoff } from '../../shared/pacing/backoff.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** Failures in a row that open the circuit. */
const OPENS_AFTER = 5;
/** How long it stays open at first; doubled with each failed probe. */
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 10 * 60_000;

/** Stops requests to a provider that is down: after five failures in a row only single probes are let through. */
export interface CircuitBreaker {
  /** 0 when a request may be sent, else milliseconds until the next probe. A 0 of an open circuit makes its caller the probe. */
  retryInMs(): number;
  succeeded(): void;
  failed(): void;
  readonly open: boolean;
}

/** A closed circuit breaker that never stays open for longer than `longestOpenMs` (10 minutes by default). */
export function createCircuitBreaker(clock: Clock, longestOpenMs = LONGEST_OPEN_MS): CircuitBreaker {
  const backoff = createBackoff({ initialMs: Math.min(FIRST_OPEN_MS, longestOpenMs), maxMs: longestOpenMs });
  let failures = 0;
  let openMs = 0;
  let probeAt: number | undefined;
  let probing = false;
  return {
    get open() {
      return probeAt !== undefined;
    },
    retryInMs() {
      if (probeAt === undefined) return 0;
      const waitMs = probeAt - clock.monotonic();
      if (waitMs > 0) return waitMs;
      probing = true;
      probeAt = clock.monotonic() + openMs;
      return 0;
    },
    succeeded() {
      failures = 0;
      probing = false;
      probeAt = undefined;
      backoff.reset();
    },
    failed() {
      failures += 1;
      // Requests that were already under way when the circuit opened do not prolong it.
      if (failures < OPENS_AFTER || (probeAt !== undefined && !probing)) return;
      probing = false;
      openMs = backoff.next();
      probeAt = clock.monotonic() + openMs;
    },
  };
}

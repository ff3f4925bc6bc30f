import type { Clock } from '../../shared/runtime/clock.ts';

/** Failures in a row that open the circuit. */
const OPENS_AFTER = 5;
/** How long it stays open the first time; doubled each time the probe fails. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** Keeps a provider that is down from being asked over and over: after five failures in a row only one probe now and then goes out. */
export interface CircuitBreaker {
  /** 0 when a request may go out, else the milliseconds until a probe may. */
  closedIn(): number;
  succeeded(): void;
  failed(): void;
  readonly open: boolean;
}

/** A closed circuit. */
export function circuit(clock: Clock): CircuitBreaker {
  let failures = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let probeAt: number | undefined;
  return {
    get open() {
      return probeAt !== undefined;
    },
    closedIn() {
      if (probeAt === undefined) return 0;
      const wait = probeAt - clock.monotonic();
      if (wait > 0) return wait;
      // This caller is the probe; the others wait for what it finds.
      probeAt = clock.monotonic() + pauseMs;
      return 0;
    },
    succeeded() {
      failures = 0;
      pauseMs = FIRST_PAUSE_MS;
      probeAt = undefined;
    },
    failed() {
      failures += 1;
      if (failures < OPENS_AFTER) return;
      if (probeAt !== undefined) pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      probeAt = clock.monotonic() + pauseMs;
    },
  };
}

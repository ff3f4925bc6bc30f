import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../shared/runtime/clock.ts';

/** A clock that runs some times as fast as the machine's; all of one start and factor, in any process, show the same time. */
export function acceleratedClock(start: number, factor: number): Clock {
  return {
    now: () => Math.round(start + (Date.now() - start) * factor),
    monotonic: () => (Date.now() - start) * factor,
    sleep: (ms, signal) => wait(ms / factor, undefined, signal ? { signal } : {}).catch(() => undefined),
  };
}

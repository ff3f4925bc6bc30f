import { setTimeout as wait } from 'node:timers/promises';
import { HOUR_MS } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** How fast the hours of a test pass. */
export interface Acceleration {
  /** Real time at which both clocks agree. */
  readonly from: number;
  /** Hours of the trace in one real hour. */
  readonly factor: number;
  /** The controller's period, on the accelerated clock. */
  readonly periodMs: number;
}

/** The accelerated time of now. */
export function acceleratedNow({ from, factor }: Acceleration): number {
  return from + (Date.now() - from) * factor;
}

/** Sleeps are shorter than they say by this, too: the machine that runs the test may be slow to wake. */
const EARLY = 8;
const SHORTEST_MS = 50;

/**
 * A clock whose wall time is accelerated, sleeps likewise. Its monotonic time is real: leases are kept against a real API
 * server, and a wall clock that runs ahead of it never counts as set back.
 */
export function acceleratedClock(acceleration: Acceleration): Clock {
  return {
    now: () => acceleratedNow(acceleration),
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      wait(Math.max(SHORTEST_MS, ms / acceleration.factor / EARLY), undefined, signal ? { signal } : {}).catch(
        () => undefined,
      ),
  };
}

/** Hours of a day of DE with clean hours at noon, made up in its usual shape: gCO2eq/kWh from the test's first hour on. */
const DAY = [520, 505, 430, 330, 210, 190, 260, 400, 480, 540, 560, 550, 530, 510, 490, 470, 460, 450, 455, 480, 520];

/** The intensity of an hour of the trace. */
export function intensityAt({ from }: Acceleration, at: number): number {
  const hour = Math.floor(at / HOUR_MS) - Math.floor(from / HOUR_MS);
  return DAY[((hour % DAY.length) + DAY.length) % DAY.length] ?? Number.NaN;
}

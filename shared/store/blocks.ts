import type { EpochMs } from '../units.ts';

/** Number of the minute that a sample belongs to: the one that holds the last millisecond of its interval. */
export function blockOf(end: EpochMs): number {
  return Math.floor((end - 1) / 60_000);
}

import { TokenBucket } from '../../shared/pacing/token-bucket.ts';

/** Spreads releases over time: so many a minute, at least one per reconciliation. */
export interface ReleaseRate {
  /** How many may be released at a monotonic time; the first time, one period's worth. */
  available(monotonicMs: number): number;
  /** Records releases. */
  spend(monotonicMs: number, count: number): void;
}

/** Creates the rate of releases of a controller that reconciles once per period. */
export function createReleaseRate(perMinute: number, periodMs: number): ReleaseRate {
  return new TokenBucket({ capacity: (perMinute * periodMs) / 60_000, perMs: perMinute / 60_000 });
}

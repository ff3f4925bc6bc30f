/** Spreads releases over time: so many a minute, at least one a round, and what was not used in a round is lost. */
export interface ReleaseRate {
  /** How many may go now, given the monotonic time; at the first call one round's worth. */
  allow(monotonicMs: number): number;
  /** Tells how many went. */
  spend(count: number): void;
}

/** A rate of releases with rounds of a length. Fractions are kept, so that slow rates are met in the mean. */
export function releaseRate(perMinute: number, periodMs: number): ReleaseRate {
  const most = Math.max(1, (perMinute * periodMs) / 60_000);
  let tokens = most;
  let last: number | undefined;
  return {
    allow(now) {
      if (last !== undefined) tokens = Math.min(most, tokens + (perMinute * Math.max(0, now - last)) / 60_000);
      last = now;
      return Math.floor(tokens + 1e-9);
    },
    spend(count) {
      tokens = Math.max(0, tokens - count);
    },
  };
}

import { HOUR_MS } from '../../shared/grid/units.ts';
import { TokenBucket } from '../../shared/pacing/token-bucket.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** Limits the requests to one provider; spread over the hour, so that a start does not use all of them up. */
export interface RateLimiter {
  /** Takes one request; false when the limit is reached. Background requests leave half of the bucket to others. */
  take(background: boolean): boolean;
  /** Whether {@link take} would succeed now. */
  allows(background: boolean): boolean;
  /** Requests that could be sent at once. */
  remaining(): number;
}

/**
 * A token bucket of a quarter of the hourly limit, refilled so that no rolling hour sees more than the limit:
 * requests in an hour < capacity + refill = limit + 1.
 */
export function createRateLimiter(perHour: number, clock: Clock): RateLimiter {
  const capacity = Math.max(1, Math.floor(perHour / 4));
  const bucket = new TokenBucket({ capacity, perMs: (perHour + 1 - capacity) / HOUR_MS });
  // An unused bucket is full from its creation on.
  bucket.available(clock.monotonic());
  const request = (background: boolean) => (background ? { reserve: capacity / 2 } : {});
  return {
    take: (background) => bucket.take(clock.monotonic(), request(background)),
    allows: (background) => bucket.waitMs(clock.monotonic(), request(background)) === 0,
    remaining: () => bucket.available(clock.monotonic()),
  };
}

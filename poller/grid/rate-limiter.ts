import { HOUR_MS } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** Requests that a provider may be sent; spread over the hour, so that a start does not use all of it up. */
export interface RateLimiter {
  /** Takes one request; false when none is free. `extra` ones leave half of what is saved up for the rest. */
  take(extra: boolean): boolean;
  /** Requests that could be sent at once. */
  remaining(): number;
}

/**
 * A token bucket of a quarter of the hourly budget, refilled so that no rolling hour sees more than the budget:
 * requests in an hour < capacity + refill = budget + 1.
 */
export function hourlyBudget(perHour: number, clock: Clock): RateLimiter {
  const capacity = Math.max(1, Math.floor(perHour / 4));
  const perMs = (perHour + 1 - capacity) / HOUR_MS;
  let tokens = capacity;
  let at = clock.monotonic();
  const refill = () => {
    const now = clock.monotonic();
    tokens = Math.min(capacity, tokens + Math.max(0, now - at) * perMs);
    at = now;
  };
  return {
    take(extra) {
      refill();
      const needed = extra ? Math.min(capacity, 1 + capacity / 2) : 1;
      if (tokens < needed) return false;
      tokens -= 1;
      return true;
    },
    remaining() {
      refill();
      return Math.floor(tokens);
    },
  };
}

import { backoffDelay } from '../../shared/pacing/backoff.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ProviderErrorReason } from './provider.ts';

/** Refused credentials are not used again for this long. */
const AUTH_BACKOFF_MS = 15 * 60_000;
/** Backoff after a 429 without Retry-After; doubled with each further one, with jitter. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 15 * 60_000;

/** A pause that a provider asked for; it holds for all zones, because limits are counted per key. */
export interface ProviderBackoff {
  /** Why and for how many more milliseconds no request may be sent; undefined when one may. */
  remaining(): { readonly reason: 'auth' | 'rate-limited'; readonly ms: number } | undefined;
  /** Takes in how a request ended: undefined for a success. `pausesOnAuth` is false where the credentials can be renewed at once. */
  record(reason: ProviderErrorReason | undefined, retryAfterMs: number | undefined, pausesOnAuth: boolean): void;
}

/** The backoff of one provider; without Retry-After it is never longer than `longestMs` (15 minutes by default). */
export function createProviderBackoff(options: {
  readonly clock: Clock;
  readonly random?: (() => number) | undefined;
  readonly longestMs?: number | undefined;
}): ProviderBackoff {
  const { clock, random = Math.random, longestMs = LONGEST_BACKOFF_MS } = options;
  let until = Number.NEGATIVE_INFINITY;
  let reason: 'auth' | 'rate-limited' = 'rate-limited';
  let inARow = 0;
  return {
    remaining() {
      const ms = until - clock.monotonic();
      return ms > 0 ? { reason, ms } : undefined;
    },
    record(outcome, retryAfterMs, pausesOnAuth) {
      inARow = outcome === 'rate-limited' ? inARow + 1 : 0;
      const refused = outcome === 'auth' && pausesOnAuth;
      const asked = outcome === 'unavailable' && retryAfterMs !== undefined;
      if (outcome !== 'rate-limited' && !refused && !asked) return;
      reason = refused ? 'auth' : 'rate-limited';
      const limits = { initialMs: FIRST_BACKOFF_MS, maxMs: longestMs, jitter: 0.5, random };
      const ownMs = refused ? AUTH_BACKOFF_MS : backoffDelay(inARow - 1, limits);
      until = clock.monotonic() + (retryAfterMs ?? ownMs);
    },
  };
}

/** Spaces the starts of requests: resolves when the next one may be sent, in the order of the calls. */
export function createSpacing(clock: Clock, spacingMs: number): (signal: AbortSignal) => Promise<void> {
  let nextAt = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    const now = clock.monotonic();
    const startAt = Math.max(now, nextAt);
    nextAt = startAt + spacingMs;
    if (startAt > now) await clock.sleep(startAt - now, signal);
  };
}

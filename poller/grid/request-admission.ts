import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ProviderErrorReason } from './provider.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { ProviderBackoff } from './request-pacing.ts';

/** Why a request is not sent; `cause` is the label of the metric. */
export interface Refusal {
  readonly cause: 'rate-limit' | 'circuit-open' | 'backoff' | 'shutdown';
  readonly reason: ProviderErrorReason;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

/** A request that may be sent, or why it may not. `done` must be called when it has ended. */
export interface Admission {
  readonly refusal?: Refusal;
  done(): void;
}

const SHUTDOWN: Refusal = { cause: 'shutdown', reason: 'unavailable', detail: 'not sent: the poller is stopping' };
const CIRCUIT_OPEN: Refusal = {
  cause: 'circuit-open',
  reason: 'unavailable',
  detail: 'not sent: the circuit is open after five failures in a row',
};

/** Decides whether requests to a provider may be sent. While a probe of an open circuit is under way the others wait for its outcome. */
export function createAdmission(options: {
  readonly breaker: CircuitBreaker;
  readonly backoff: ProviderBackoff;
  readonly limiter: RateLimiter;
  readonly perHour: number;
}) {
  const { breaker, backoff, limiter, perHour } = options;
  let probe: Promise<void> | undefined;
  const refusalOf = (background: boolean): Refusal | undefined => {
    const paused = backoff.remaining();
    if (paused?.reason === 'auth')
      return { cause: 'backoff', reason: 'auth', detail: 'not sent: the provider refused the credentials' };
    if (paused) {
      const detail = 'not sent: the provider requested a pause';
      return { cause: 'backoff', reason: 'rate-limited', detail, retryAfterMs: paused.ms };
    }
    if (!limiter.allows(background)) {
      const detail = `not sent: the rate limit of ${perHour} requests an hour is reached`;
      return { cause: 'rate-limit', reason: 'rate-limited', detail };
    }
    if (breaker.retryInMs() > 0) return CIRCUIT_OPEN;
    limiter.take(background);
    return undefined;
  };
  return {
    async admit(request: { readonly signal: AbortSignal; readonly background?: boolean }): Promise<Admission> {
      while (probe !== undefined) await probe;
      const done = () => undefined;
      const refusal = request.signal.aborted ? SHUTDOWN : refusalOf(request.background ?? false);
      if (refusal) return { refusal, done };
      if (!breaker.open) return { done };
      const { promise, resolve } = Promise.withResolvers<void>();
      probe = promise;
      return {
        done() {
          probe = undefined;
          resolve();
        },
      };
    },
  };
}

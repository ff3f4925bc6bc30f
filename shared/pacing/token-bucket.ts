/** How fast a {@link TokenBucket} refills, and how much it holds. */
export interface TokenBucketOptions {
  /** Tokens that a full bucket holds: the largest burst. At least 1. */
  readonly capacity: number;
  /** Tokens that are added per millisecond; fractions are kept, so that slow rates are met on average. */
  readonly perMs: number;
}

/** A request for tokens. */
export interface TokenRequest {
  /** Tokens to take; 1 by default. */
  readonly count?: number;
  /** Tokens that must be left afterwards, for work of higher priority; 0 by default. A full bucket always serves one request. */
  readonly reserve?: number;
}

/** Sums of fractions miss a whole token by rounding; nobody could measure the difference. */
const ROUNDING = 1e-9;

/**
 * A token bucket: limits a rate while allowing bursts. It starts full, at the first time it is used. All times are
 * milliseconds of one monotonic clock; a time before the last one adds nothing.
 */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number | undefined;

  constructor({ capacity, perMs }: TokenBucketOptions) {
    this.#capacity = Math.max(1, capacity);
    this.#perMs = perMs;
    this.#tokens = this.#capacity;
  }

  /** Takes tokens at a time; false, and nothing taken, where there are too few. */
  take(nowMs: number, request: TokenRequest = {}): boolean {
    if (this.waitMs(nowMs, request) > 0) return false;
    this.#tokens -= request.count ?? 1;
    return true;
  }

  /** Takes tokens that are already used, however many are there; the bucket does not go into debt. */
  spend(nowMs: number, count: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.max(0, this.#tokens - count);
  }

  /** Whole tokens that could be taken at a time. */
  available(nowMs: number): number {
    this.#refill(nowMs);
    return Math.floor(this.#tokens + ROUNDING);
  }

  /** Milliseconds until a request could be served; 0 when it could be now, Infinity when the bucket never refills. */
  waitMs(nowMs: number, { count = 1, reserve = 0 }: TokenRequest = {}): number {
    this.#refill(nowMs);
    const missing = Math.min(count + reserve, Math.max(count, this.#capacity)) - this.#tokens;
    return missing <= ROUNDING ? 0 : missing / this.#perMs;
  }

  #refill(nowMs: number): void {
    const passed = Math.max(0, nowMs - (this.#at ?? nowMs));
    this.#tokens = Math.min(this.#capacity, this.#tokens + passed * this.#perMs);
    this.#at = nowMs;
  }
}

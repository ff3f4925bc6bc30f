import type { EpochMs } from '../../shared/grid/units.ts';

/** How long a shared result is reused. */
export interface CoalescingOptions {
  readonly now: () => EpochMs;
  /** How long a result is reused, in milliseconds from its request; 0: only callers that arrive while it is under way share it. */
  readonly holdMs: number;
  /** How long a failure is reused, where a service counts failed requests too; 0 or absent: the next caller sends a new request. */
  readonly holdFailureMs?: (error: unknown) => number;
}

/** Request coalescing (single flight): callers with the same key, at the same time or within `holdMs` after, share one request. */
export function coalesceRequests<Value>(
  options: CoalescingOptions,
  fetch: (key: string, signal: AbortSignal) => Promise<Value>,
): (key: string, signal: AbortSignal) => Promise<Value> {
  const shared = new Map<string, { readonly result: Promise<Value>; until: EpochMs }>();
  return (key, signal) => {
    const known = shared.get(key);
    if (known && options.now() < known.until) return known.result;
    const startedAt = options.now();
    const entry = { result: fetch(key, signal), until: Number.POSITIVE_INFINITY };
    shared.set(key, entry);
    entry.result.then(
      () => {
        entry.until = startedAt + options.holdMs;
      },
      (error) => {
        entry.until = startedAt + (options.holdFailureMs?.(error) ?? 0);
      },
    );
    return entry.result;
  };
}

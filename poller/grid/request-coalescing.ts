import type { EpochMs } from '../../shared/grid/units.ts';

/** Asks once for what several zones need: questions of the same time, and those within `holdMs` after, share one answer. */
export function coalesceRequests<Value>(
  options: {
    readonly now: () => EpochMs;
    /** How long an answer serves; 0: only those who ask while it is under way share it. */
    readonly holdMs: number;
    /** How long a failure serves, where a service counts failed requests too; 0 or absent: it is asked again at once. */
    readonly holdFailureMs?: (error: unknown) => number;
  },
  ask: (key: string, signal: AbortSignal) => Promise<Value>,
): (key: string, signal: AbortSignal) => Promise<Value> {
  const held = new Map<string, { readonly answer: Promise<Value>; until: EpochMs }>();
  return (key, signal) => {
    const known = held.get(key);
    if (known && options.now() < known.until) return known.answer;
    const at = options.now();
    // Until it is there, everybody waits for the same answer.
    const entry = { answer: ask(key, signal), until: Number.POSITIVE_INFINITY };
    held.set(key, entry);
    entry.answer.then(
      () => {
        entry.until = at + options.holdMs;
      },
      (error) => {
        entry.until = at + (options.holdFailureMs?.(error) ?? 0);
      },
    );
    return entry.answer;
  };
}

import type { EpochMs } from '../../shared/units.ts';

/** Asks once for what several zones need: questions of the same time, and those within `holdMs` after, share one answer. */
export function sharedAnswer<Value>(
  options: {
    readonly now: () => EpochMs;
    /** How long an answer serves; 0: only those who ask while it is under way share it. */
    readonly holdMs: number;
    /** True where a service counts failures too and must not be asked again before the time is over. */
    readonly holdsFailures?: boolean;
  },
  ask: (key: string, signal: AbortSignal) => Promise<Value>,
): (key: string, signal: AbortSignal) => Promise<Value> {
  const held = new Map<string, { readonly at: EpochMs; readonly answer: Promise<Value>; settled: boolean }>();
  return (key, signal) => {
    const known = held.get(key);
    if (known && (!known.settled || options.now() - known.at < options.holdMs)) return known.answer;
    const answer = ask(key, signal);
    const entry = { at: options.now(), answer, settled: false };
    held.set(key, entry);
    answer.then(
      () => {
        entry.settled = true;
      },
      () => {
        entry.settled = true;
        if (!options.holdsFailures && held.get(key) === entry) held.delete(key);
      },
    );
    return answer;
  };
}

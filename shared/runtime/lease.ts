/** What leases are held for; one process may hold one of them and stand by for another. */
export type LeasePurpose = 'recording' | 'budgets' | 'alerts';

/** The right to do something that only one process may do at a time. */
export interface Lease extends AsyncDisposable {
  /** Whether this process may go on. */
  readonly held: boolean;
  /** Calls back whenever the right is won or lost, and at once when it is held already. */
  onChange(listener: (held: boolean) => void): void;
}

/** A lease that is always held: where only one process can be. */
export const soleLease: Lease = {
  held: true,
  onChange: (listener) => listener(true),
  [Symbol.asyncDispose]: async () => undefined,
};

/** Runs something while a lease is held: starts it afresh each time the lease is won, and stops it when it is lost. */
export function whileHeld(lease: Lease, start: () => AsyncDisposable): AsyncDisposable {
  let running: AsyncDisposable | undefined;
  let changes = Promise.resolve();
  let stopped = false;
  const change = (held: boolean) => {
    // One after the other: what was started must have stopped before it starts again.
    changes = changes.then(async () => {
      const wanted = held && !stopped;
      if (wanted) running ??= start();
      else {
        await running?.[Symbol.asyncDispose]();
        running = undefined;
      }
    });
  };
  lease.onChange(change);
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      change(false);
      await changes;
    },
  };
}

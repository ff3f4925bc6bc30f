import { describe, expect, it } from 'vitest';
import { type Lease, soleLease, whileHeld } from '../../../shared/runtime/lease.ts';

/** A lease that a test gives and takes. */
function leaseInHand(): Lease & { give(held: boolean): void } {
  const listeners: ((held: boolean) => void)[] = [];
  let held = false;
  return {
    get held() {
      return held;
    },
    onChange: (listener) => listeners.push(listener),
    give(now) {
      held = now;
      for (const listener of listeners) listener(now);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function recorder() {
  const events: string[] = [];
  const start = () => {
    events.push('start');
    return {
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push('stop');
      },
    };
  };
  return { events, start };
}

describe('work under a lease', () => {
  it('starts when the lease is won, stops when it is lost, and starts afresh', async () => {
    const { events, start } = recorder();
    const lease = leaseInHand();
    const work = whileHeld(lease, start);

    for (const held of [true, true, false, true]) lease.give(held);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await work[Symbol.asyncDispose]();

    expect(events).toEqual(['start', 'stop', 'start', 'stop']);
  });

  it('never starts while another process has the lease', async () => {
    const { events, start } = recorder();

    await whileHeld(leaseInHand(), start)[Symbol.asyncDispose]();

    expect(events).toEqual([]);
  });

  it('starts at once under a lease that nobody else can want', async () => {
    const { events, start } = recorder();
    const work = whileHeld(soleLease, start);
    await new Promise((resolve) => setTimeout(resolve, 1));

    expect(events).toEqual(['start']);

    await work[Symbol.asyncDispose]();
  });
});

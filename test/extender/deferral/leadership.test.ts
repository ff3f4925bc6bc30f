import { setTimeout as wait } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createDeferralMetrics } from '../../../extender/deferral/deferral-metrics.ts';
import { startLeadership } from '../../../extender/deferral/leadership.ts';
import { createClient } from '../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../shared/runtime/kubernetes/connection.ts';
import { capturedLog } from '../../captured-log.ts';
import { startKubernetes } from '../../doubles/kubernetes.ts';
import { FakeClock } from '../../fake-clock.ts';

/** The longest that work may wait for another replica, in seconds. */
const FAIL_OVER = 20;
/** Seconds for which a leader that cannot renew may still believe that it leads. */
const BELIEF = 10;

describe('the leadership of the deferral controller', () => {
  it('goes to another replica within 20 s of a leader’s end, and not while that may still believe that it leads', async () => {
    await using world = await startReplicas();
    await world.pass(30);
    expect([world.first.leads(), world.second.leads()]).toEqual([true, false]);

    world.killFirst();
    let took = 0;
    while (!world.second.leads() && took < 60) {
      await world.pass(1);
      took += 1;
    }

    expect(took).toBeLessThan(FAIL_OVER);
    expect(took).toBeGreaterThan(BELIEF);
    expect(world.acquired).toEqual(['first', 'second']);
  });

  it('is given back at an orderly end, so that another replica leads at its next attempt', async () => {
    await using world = await startReplicas();
    await world.pass(4);

    await world.first[Symbol.asyncDispose]();
    await world.pass(3);

    expect(world.second.leads()).toBe(true);
  });
});

/** Two replicas with clocks of their own: a replica whose clock is left behind is dead. */
async function startReplicas() {
  await using stack = new AsyncDisposableStack();
  const clocks = { first: new FakeClock(), second: new FakeClock() };
  const cluster = stack.use(await startKubernetes(() => clocks.second.now()));
  const client = stack.use(createClient(openConnections({ server: cluster.url, user: {} })));
  const acquired: string[] = [];
  const start = async (identity: 'first' | 'second') => {
    const leadership = startLeadership({
      lease: { client, namespace: 'carbon-extender', identity },
      onAcquired: () => acquired.push(identity),
      ...{ metrics: createDeferralMetrics(new Registry()), clock: clocks[identity], logger: capturedLog() },
    });
    stack.use(leadership);
    await leadership.firstAttempt;
    return leadership;
  };
  const [first, second] = [await start('first'), await start('second')];
  let isKilled = false;
  const running = stack.move();
  return {
    ...{ first, second, acquired },
    killFirst(): void {
      isKilled = true;
    },
    /** Lets seconds pass, and the requests that are made in each. */
    async pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        if (!isKilled) await clocks.first.advance(1_000);
        await clocks.second.advance(1_000);
        await wait(10);
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

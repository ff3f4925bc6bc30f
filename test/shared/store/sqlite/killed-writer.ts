import { joules } from '../../../../shared/grid/units.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';
import { openSqliteWriter } from '../opened-parts.ts';

const TICK_MS = 60_000;

/** Tick n: n joules for each of three containers over the n-th minute. */
export function tickNumber(n: number): PowerTick {
  const container = (pod: string) => ({ namespace: 'a', pod, container: 'c', node: '' });
  const times = { start: n * TICK_MS, end: (n + 1) * TICK_MS };
  return {
    target: 't',
    samples: ['p1', 'p2', 'p3'].map((pod) => ({ container: container(pod), ...times, joules: joules(n) })),
  };
}

// Run as a program: goes on from the last stored tick, tells each tick that is stored, folds every few, until it is killed.
if (import.meta.main) {
  const store = openSqliteWriter(process.argv[2] as string);
  const { lastMeasurement } = await store.totals();
  for (let n = lastMeasurement === undefined ? 1 : lastMeasurement / TICK_MS; ; n += 1) {
    await store.append(tickNumber(n));
    process.stdout.write(`${n}\n`);
    if (n % 7 === 0) await store.compact((n + 1) * TICK_MS);
  }
}

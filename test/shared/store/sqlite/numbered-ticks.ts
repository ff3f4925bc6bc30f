import { joules } from '../../../../shared/grid/units.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';

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

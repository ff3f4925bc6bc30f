import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CounterBaselines, increaseSince } from '../../../poller/power/counter-increase.ts';
import { balanceNode, type NodeBalance } from '../../../poller/power/node-balance.ts';
import type { Counter, NodeCounters } from '../../../poller/power/observation.ts';

const LIMITS = { maxGapMs: 80_000, maxContainerRate: 2_000, maxNodeRate: 20_000 };
const START = Date.parse('2026-01-01T12:00:00Z');

describe('what a node used outside its containers', () => {
  it('is the node’s active energy less that of its containers, over the same interval', () => {
    const [, second] = balances([0, 1_000, 400], [15, 1_300, 600]);

    expect(second).toEqual({
      container: { namespace: '__system__', pod: '__system__', container: '__system__', node: 'n' },
      start: START,
      end: START + 15_000,
      amount: 100,
    });
  });

  it('is never negative: what containers were ahead is taken off the next remainders', () => {
    const remainders = balances([0, 0, 0], [15, 100, 130], [30, 200, 210], [45, 300, 220]);

    // Owed 30, then 80 more than the containers used: 20 − 30 leaves 10 owed, then 90 − 10.
    expect(remainders.map((remainder) => remainder?.amount)).toEqual([undefined, 0, 0, 80]);
  });

  it('is unknown without the node’s counter, after a gap, and begins anew then', () => {
    expect(balances([0, undefined, 0], [15, undefined, 5])).toEqual([undefined, undefined]);
    expect(balances([0, 0, 0], [15, 10, 50], [120, 500, 90], [135, 600, 190]).map((each) => each?.amount)).toEqual([
      undefined,
      0,
      undefined,
      0,
    ]);
  });

  it('begins anew where the node’s counter was missing meanwhile: nothing is owed or counted across the gap', () => {
    const remainders = balances([0, 0, 0], [15, 100, 130], [30, undefined, 140], [45, 400, 150], [60, 500, 160]);

    expect(remainders.map((remainder) => remainder?.amount)).toEqual([undefined, 0, undefined, undefined, 90]);
  });

  it('closes the node: containers and remainder are its counter to the millijoule, over resets, missed scrapes and late names', () => {
    fc.assert(
      fc.property(fc.array(cycle, { minLength: 2, maxLength: 20 }), (cycles) => {
        const { counted, active } = run(cycles);

        expect(counted).toBe(active);
      }),
    );
  });
});

/** Growth of two containers and of the rest of the node, in millijoules, between two scrapes. */
const cycle = fc.record({
  containers: fc.tuple(fc.nat(900_000), fc.nat(900_000)),
  rest: fc.nat(900_000),
  exporterRestarts: fc.boolean(),
  missed: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  named: fc.boolean(),
});

/** Longer than any history here: after a gap both sides begin anew. */
const NO_GAP = { ...LIMITS, maxGapMs: 600_000 };

/** What was recorded, and what the node's counter rose by as `increase` has it, in millijoules. */
function run(cycles: readonly (typeof cycle extends fc.Arbitrary<infer Cycle> ? Cycle : never)[]) {
  const totals = { a: 0, b: 0, node: 0 };
  let baselines: CounterBaselines | undefined;
  let balance: NodeBalance | undefined;
  let counted = 0;
  let active = 0;
  let lastNode: number | undefined;
  const ended = {
    containers: [0, 0] as [number, number],
    rest: 0,
    exporterRestarts: false,
    missed: false,
    named: true,
  };
  // Two quiet scrapes at the end, so that what is owed or pending is settled or known.
  const all = [...cycles.map((each) => ({ ...each })), { ...ended, rest: 20_000_000 }, ended];
  for (const [index, { containers, rest, exporterRestarts, missed, named }] of all.entries()) {
    const last = index >= cycles.length;
    // What is counted between a missed scrape and a restart is lost for both sides alike: only restarts that show.
    if (exporterRestarts && !missed) Object.assign(totals, { a: 0, b: 0, node: 0 });
    totals.a += containers[0];
    totals.b += containers[1];
    totals.node += containers[0] + containers[1] + rest;
    if (missed && !last) continue;
    const now = { at: START + index * 15_000, monotonic: index * 15_000 };
    const counters = [counter('a', totals.a / 1000, named || last), counter('b', totals.b / 1000, true)];
    const step = increaseSince(baselines, { ...now, basis: 'x', node: 'n', counters }, NO_GAP);
    const observed = { ...now, ...nodeOf(totals.node / 1000) };
    const balanced = balanceNode(balance, observed, step.countedThousandths.cpu, NO_GAP);
    for (const { amount } of step.increases) counted += Math.round(amount * 1000);
    counted += Math.round((balanced.remainder?.amount ?? 0) * 1000);
    if (lastNode !== undefined)
      active += totals.node - lastNode >= -1 ? Math.max(0, totals.node - lastNode) : totals.node;
    lastNode = totals.node;
    ({ baselines } = step);
    ({ balance } = balanced);
  }
  return { counted, active };
}

function balances(...observations: [seconds: number, active: number | undefined, containers: number][]) {
  let baselines: CounterBaselines | undefined;
  let balance: NodeBalance | undefined;
  return observations.map(([seconds, active, containers]) => {
    const now = { at: START + seconds * 1000, monotonic: seconds * 1000 };
    const counters = [counter('a', containers, true)];
    const step = increaseSince(baselines, { ...now, basis: 'x', node: 'n', counters }, LIMITS);
    const balanced = balanceNode(balance, { ...now, ...nodeOf(active) }, step.countedThousandths.cpu, LIMITS);
    ({ baselines } = step);
    ({ balance } = balanced);
    return balanced.remainder;
  });
}

function nodeOf(active: number | undefined): NodeCounters {
  return { basis: 'x', node: 'n', quality: 'measured', counters: [], usage: undefined, active, gpus: undefined };
}

function counter(key: string, total: number, resolved: boolean): Counter {
  return { key, namespace: 'ns', pod: key, container: 'c', node: 'n', total, kind: 'cpu', resolved };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeletUsage } from '../../../../poller/power/usage/kubelet-body.ts';
import { type UsageMemory, usageStep } from '../../../../poller/power/usage/node-usage.ts';
import { nodePowerModels, wattsAt } from '../../../../shared/power-model/node-model.ts';

const START = Date.parse('2026-01-01T12:00:00Z');
const model = nodePowerModels()({ vcpus: 4, memoryGb: 16 });
if (model === undefined) throw new Error('the generic model needs no more than CPUs');
const rules = { node: 'n', model, maxGapMs: 82_500 };

describe('the modelled energy of a node', () => {
  it('is that of its containers, of idle and of what runs outside them, over restarts, gaps and late measurements', () => {
    fc.assert(
      fc.property(fc.array(cycle, { minLength: 2, maxLength: 20 }), (cycles) => {
        const { shared, whole } = run(cycles);

        // Each sample is rounded to a millijoule; what containers were ahead by is taken off later.
        expect(Math.abs(shared - whole)).toBeLessThanOrEqual(2 * cycles.length + 2);
      }),
    );
  });

  it('begins anew after a gap, with no energy for it', () => {
    const bodies = [0, 15, 200, 215].map((seconds) => body(START + seconds * 1000, seconds, []));
    let memory: UsageMemory | undefined;
    const samples = bodies.map((each) => {
      const step = usageStep(memory, each, rules);
      ({ memory } = step);
      return step.samples.length;
    });

    expect(samples).toEqual([0, 2, 0, 2]);
  });
});

/** Cores that two containers and the rest of the node use until the next body, and what happens to the first. */
const cycle = fc.record({
  seconds: fc.integer({ min: 10, max: 40 }),
  cores: fc.tuple(fc.double({ min: 0, max: 1.3, noNaN: true }), fc.double({ min: 0, max: 1.3, noNaN: true })),
  rest: fc.double({ min: 0, max: 1.3, noNaN: true }),
  restarts: fc.boolean(),
  /** How much older the second container's measurement is than the node's. */
  lateMs: fc.integer({ min: 0, max: 9_000 }),
  missed: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
});

/** Millijoules that were shared out, less what is owed, and of the node as its model has them. */
function run(cycles: readonly (typeof cycle extends fc.Arbitrary<infer Cycle> ? Cycle : never)[]) {
  const totals = { a: 50, b: 70, node: 900 };
  let at = START;
  let startedAt = START - 50_000;
  let memory = usageStep(undefined, body(at, totals.node, [container('a', totals.a, at, startedAt)]), rules).memory;
  let last = { at, node: totals.node };
  let shared = 0;
  let whole = 0;
  let forgotten = 0;
  for (const { seconds, cores, rest, restarts, lateMs, missed } of cycles) {
    at += seconds * 1000;
    if (restarts && !missed) {
      startedAt = at - 5_000;
      totals.a = cores[0] * 5;
    } else totals.a += cores[0] * seconds;
    totals.b += cores[1] * seconds;
    totals.node += (cores[0] + cores[1] + rest) * seconds;
    if (missed) continue;
    const b = container('b', Math.max(0, totals.b - (cores[1] * lateMs) / 1000), at - lateMs, START - 70_000);
    const step = usageStep(memory, body(at, totals.node, [container('a', totals.a, at, startedAt), b]), rules);
    // What containers were ahead by is forgotten with a gap that is too long.
    if (step.samples.length === 0) forgotten += memory.owed.dynamic + memory.owed.idle;
    ({ memory } = step);
    for (const { joules } of step.samples) shared += Math.round(joules * 1000);
    if (step.samples.length > 0) {
      const elapsed = (at - last.at) / 1000;
      whole += 1000 * wattsAt(rules.model, (totals.node - last.node) / elapsed / 4) * elapsed;
    }
    last = { at, node: totals.node };
  }
  return { shared: shared - memory.owed.dynamic - memory.owed.idle - forgotten, whole };
}

function body(at: number, cpuSeconds: number, containers: KubeletUsage['containers']): KubeletUsage {
  return { node: { cpuSeconds, at }, containers, partial: false, malformed: 0 };
}

function container(pod: string, cpuSeconds: number, at: number, startedAt: number) {
  return { namespace: 'ns', pod, container: 'c', cpuSeconds, at, startedAt, memoryBytes: 1e9 };
}

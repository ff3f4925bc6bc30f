import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gpu, GpuSlot } from '../../../../poller/power/dcgm/dcgm-body.ts';
import { type GpuMemory, gpuStep } from '../../../../poller/power/dcgm/gpu-energy.ts';

const LIMITS = { maxGapMs: 60_000, maxContainerRate: 20_000, maxNodeRate: 20_000 };
const NOON = Date.parse('2026-01-01T12:00:00Z');

describe('the energy of GPUs', () => {
  it('goes to the container that holds the card; that of a free card is idle', () => {
    const steps = run([
      [0, gpu('g0', 1_000, [held('a')]), gpu('g1', 500, [FREE])],
      [15, gpu('g0', 901_000, [held('a')]), gpu('g1', 150_500, [FREE])],
    ]);

    expect(steps[1]).toEqual([
      ['a', 900, undefined],
      ['__idle__', 150, undefined],
    ]);
  });

  it('adds up what a container has of several cards', () => {
    const steps = run([
      [0, gpu('g0', 0, [held('a')]), gpu('g1', 0, [held('a')])],
      [15, gpu('g0', 900, [held('a')]), gpu('g1', 101, [held('a')])],
    ]);

    expect(steps[1]).toEqual([['a', 1.001, undefined]]);
  });

  it.each<[string, GpuSlot[], number[]]>([
    [
      'by how busy their engines were and their size',
      [held('a', 2, { active: 0.5 }), held('b', 1, { active: 1 })],
      [450, 450],
    ],
    [
      'by used memory where nothing else is known',
      [held('a', 1, { memory: 100 }), held('b', 1, { memory: 300 })],
      [225, 675],
    ],
    [
      'by memory where the engines were idle',
      [held('a', 1, { active: 0, memory: 1 }), held('b', 1, { active: 0, memory: 2 })],
      [300, 600],
    ],
    ['by size where a measure is missing for one', [held('a', 2, { active: 0.5 }), held('b', 4)], [300, 600]],
    ['equally where nothing tells them apart', [held('a'), held('b')], [450, 450]],
  ])('is shared by those who hold parts of a card %s', (_, slots, joules) => {
    const steps = run([
      [0, gpu('g0', 0, slots)],
      [15, gpu('g0', 900_000, slots)],
    ]);

    expect(steps[1]?.map(([, energy]) => energy)).toEqual(joules);
  });

  it('of parts that no container holds is idle', () => {
    const slots = [held('a', 3), { ...FREE, slices: 4 }];

    const steps = run([
      [0, gpu('g0', 0, slots)],
      [15, gpu('g0', 700_000, slots)],
    ]);

    expect(steps[1]).toEqual([
      ['a', 300, undefined],
      ['__idle__', 400, undefined],
    ]);
  });

  it('of a card without a counter is its mean power times the time, and modelled', () => {
    const card = (watts: number) => ({ ...gpu('g0', 0, [held('a')]), millijoules: undefined, watts });

    const steps = run([
      [0, card(50)],
      [10, card(70)],
      [100, card(70)],
    ]);

    expect(steps).toEqual([[], [['a', 600, 'modelled']], []]);
  });

  it('counts from zero after the driver was loaded anew, and drops what no card can draw', () => {
    const steps = run([
      [0, gpu('g0', 5_000_000, [held('a')])],
      [15, gpu('g0', 3_000, [held('a')])],
      [30, gpu('g0', 3_000_000_000, [held('a')])],
      [45, gpu('g0', 3_000_001_000, [held('a')])],
    ]);

    expect(steps).toEqual([[], [['a', 3, undefined]], [], [['a', 1, undefined]]]);
  });

  it('is that of the cards to the millijoule, over resets, gaps and changing holders', () => {
    const slot = fc.record({
      pod: fc.constantFrom('a', 'b', 'c', ''),
      slices: fc.integer({ min: 1, max: 7 }),
      active: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    });
    const scrape = fc.record({
      millijoules: fc.integer({ min: 0, max: 10_000_000 }),
      reset: fc.boolean(),
      missed: fc.boolean(),
      slots: fc.array(slot, { minLength: 1, maxLength: 7 }),
    });
    fc.assert(
      fc.property(fc.array(scrape, { minLength: 2, maxLength: 30 }), (scrapes) => {
        let memory: GpuMemory | undefined;
        let [total, expected, given] = [0, 0, 0];
        let last: { value: number; at: number } | undefined;
        for (const [index, { millijoules, reset, missed, slots }] of scrapes.entries()) {
          total = (reset ? 0 : total) + millijoules;
          const at = index * 15_000;
          if (missed) continue;
          if (last !== undefined && at - last.at <= LIMITS.maxGapMs)
            expected += total - last.value >= -1 ? Math.max(0, total - last.value) : total;
          last = { value: total, at };
          const parts = slots.map(({ pod, slices, active }) =>
            pod === '' ? { ...FREE, slices } : held(pod, slices, active === undefined ? {} : { active }),
          );
          const step = gpuStep(memory, [gpu('g0', total, parts)], { at: NOON + at, monotonic: at }, LIMITS);
          for (const { joules } of step.samples) given += Math.round(joules * 1000);
          ({ memory } = step);
        }
        expect(given).toBe(expected);
      }),
    );
  });
});

const FREE: GpuSlot = { holder: undefined, slices: 1, use: {} };

function held(pod: string, slices = 1, use: GpuSlot['use'] = {}): GpuSlot {
  return { holder: { namespace: 'ml', pod, container: 'app' }, slices, use };
}

function gpu(id: string, millijoules: number, slots: readonly GpuSlot[]): Gpu {
  const keyed = new Map(slots.map((slot, index) => [String(index), slot]));
  return { id, node: 'n1', millijoules, watts: undefined, slots: keyed };
}

/** Pod, joules and quality of the samples of each scrape. */
function run(scrapes: readonly (readonly [seconds: number, ...gpus: Gpu[]])[]) {
  let memory: GpuMemory | undefined;
  return scrapes.map(([seconds, ...gpus]) => {
    const step = gpuStep(memory, gpus, { at: NOON + seconds * 1000, monotonic: seconds * 1000 }, LIMITS);
    ({ memory } = step);
    return step.samples.map(({ container, joules }) => [container.pod, joules, container.powerQuality]);
  });
}

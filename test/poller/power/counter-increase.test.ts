import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CounterBaselines, type IncreaseStep, increaseSince } from '../../../poller/power/counter-increase.ts';
import type { Counter } from '../../../poller/power/observation.ts';

const LIMITS = { maxGapMs: 80_000, maxContainerRate: 2_000, maxNodeRate: 20_000 };
const START = Date.parse('2026-01-01T12:00:00Z');

describe('energy between two scrapes', () => {
  it('gives nothing at the first observation, then the difference over the exact interval', () => {
    const [first, second] = run([[15, counter(100)]], [[30, counter(175)]]);

    expect(first.increases).toEqual([]);
    expect(first.events.get('first-observation')).toBe(1);
    expect(second.increases).toEqual([
      {
        container: { namespace: 'ns', pod: 'p', container: 'c', node: 'n' },
        start: START + 15_000,
        end: START + 30_000,
        amount: 75,
      },
    ]);
  });

  it('takes a counter that fell to have counted from zero', () => {
    const steps = run([[0, counter(100)]], [[15, counter(8)]], [[30, counter(9)]]);

    expect(energies(steps)).toEqual([8, 1]);
    expect(Object.fromEntries(steps[1].events)).toEqual({ reset: 1 });
  });

  it('takes a GPU counter that fell for a process that ended, not for a reset', () => {
    const steps = run([[0, gpu(100)]], [[15, gpu(60)]], [[30, gpu(70)]]);

    expect(energies(steps)).toEqual([0, 10]);
    expect(steps[1].events.get('gpu-decrease')).toBe(1);
  });

  it('does not take a decrease in the last digits of a sum for a reset', () => {
    const steps = run([[0, counter(5_000_000.001)]], [[15, counter(5_000_000)]]);

    expect(energies(steps)).toEqual([0]);
  });

  it.each([
    // One part in 10⁹ of 5 MJ is 5 mJ.
    ['5 mJ of 5 MJ', 5_000_000.005, 5_000_000, undefined],
    ['6 mJ of 5 MJ', 5_000_000.006, 5_000_000, 1],
    ['1 mJ of 2 J', 2.001, 2, undefined],
    ['2 mJ of 2 J', 2.002, 2, 1],
  ])('draws the line between rounding and a reset at one part in 10⁹ and 1 mJ: %s', (_, before, after, resets) => {
    const steps = run([[0, counter(before)]], [[15, counter(after)]]);

    expect(steps[1].events.get('reset')).toBe(resets);
    if (resets === undefined) expect(energies(steps)).toEqual([0]);
  });

  it('spreads missed scrapes over the longer interval, but not over a long gap', () => {
    const steps = run([[0, counter(0)]], [[60, counter(60)]], [[150, counter(150)]], [[165, counter(165)]]);

    expect(steps.flatMap((step) => step.increases.map(({ start, end, amount }) => [end - start, amount]))).toEqual([
      [60_000, 60],
      [15_000, 15],
    ]);
    expect(steps[2].events.get('gap')).toBe(1);
  });

  it('ends a container that is gone without zeros, and forgets it', () => {
    const steps = run([[0, counter(0)]], [[15]], [[100]]);

    expect(energies(steps)).toEqual([]);
    expect(steps[1].baselines.byKey.size).toBe(1);
    expect(steps[2].baselines.byKey.size).toBe(0);
  });

  it('drops what no container and no node can draw, and goes on from there', () => {
    const jump = run([[0, counter(0)]], [[15, counter(1e12)]], [[30, counter(1e12 + 150)]]);
    const node = run(
      [[0, ...many(20, 0)]],
      // 20 containers at 1500 W each are 30 kW.
      [[10, ...many(20, 15_000)]],
      [[20, ...many(20, 15_010)]],
    );

    expect(energies(jump)).toEqual([150]);
    expect(jump[1].events.get('implausible')).toBe(1);
    expect(node[1].increases).toEqual([]);
    expect(node[2].increases).toHaveLength(20);
  });

  it('starts afresh when other metrics or zones are added up', () => {
    const before = increaseSince(undefined, { ...at(0), basis: 'a', counters: [counter(100)] }, LIMITS);
    const after = increaseSince(before.baselines, { ...at(15), basis: 'b', counters: [counter(900)] }, LIMITS);

    expect(after.increases).toEqual([]);
    expect(after.events.get('basis-changed')).toBe(1);
  });

  it('adds up containers with the same names, and follows labels that change under a counter', () => {
    const twin = (id: string, joules: number, pod = 'p') => ({ ...counter(joules), key: id, pod });
    const steps = run(
      [[0, twin('a', 0), twin('b', 0)]],
      [[15, twin('a', 3), twin('b', 4)]],
      [[30, twin('a', 5, 'renamed'), twin('b', 5)]],
    );

    expect(steps.flatMap((step) => step.increases.map(({ container, amount }) => [container.pod, amount]))).toEqual([
      ['p', 7],
      ['renamed', 2],
      ['p', 1],
    ]);
  });

  it('holds energy until the pod is known, and gives it under the id when it never is', () => {
    const waiting = (joules: number) => ({ ...counter(joules), pod: '', resolved: false });
    const known = run([[0, waiting(0)]], [[15, waiting(15)]], [[30, counter(32)]]);
    const never = run([[0, waiting(0)]], [[45, waiting(45)]], [[90, waiting(90)]]);
    const gone = run([[0, waiting(0)]], [[15, waiting(15)]], [[100]]);

    expect(known[2].increases.map(({ start, end, amount }) => [end - start, amount])).toEqual([[30_000, 32]]);
    expect(energies(never)).toEqual([90]);
    expect(gone[2].increases.map(({ container, amount }) => [container.container, amount])).toEqual([['k', 15]]);
  });

  it('measures time by the clock that never goes back', () => {
    const before = increaseSince(undefined, { ...at(0), basis: 'a', counters: [counter(0)] }, LIMITS);
    const stepped = { at: START - 3_600_000, monotonic: 15_000 };
    const after = increaseSince(
      before.baselines,
      { ...stepped, basis: 'a', node: 'n', counters: [counter(30)] },
      LIMITS,
    );

    expect(after.increases.map(({ start, end, amount }) => [end - start, amount])).toEqual([[15_000, 30]]);
  });

  it.each([
    ['999 ms', 999, 15_999],
    ['1 s', 1_000, 16_000],
    ['1 ms more than a second', 1_001, 15_000],
    ['5 minutes', 300_000, 15_000],
    ['1 ms less than a second back', -999, 14_001],
    ['5 minutes back', -300_000, 15_000],
  ])(
    'takes the wall clock to be set when it moves over a second more than the other clock: %s',
    (_, stepMs, length) => {
      const before = increaseSince(undefined, { ...at(0), basis: 'a', counters: [counter(0)] }, LIMITS);
      const moved = { ...at(15), at: START + 15_000 + stepMs, basis: 'a', counters: [counter(30)] };
      const after = increaseSince(before.baselines, moved, LIMITS);

      expect(after.increases.map(({ start, end, amount }) => [end - start, end, amount])).toEqual([
        [length, START + 15_000 + stepMs, 30],
      ]);
    },
  );

  it('leaves out only the node that exceeds the power of a node', () => {
    const onNode = (key: string, node: string, joules: number) => ({ ...counter(joules), key, pod: key, node });
    const hot = (joules: number) => many(20, joules).map((each) => ({ ...each, node: 'hot' }));

    const [, step] = run([[0, onNode('a', 'cool', 0), ...hot(0)]], [[10, onNode('a', 'cool', 50), ...hot(15_000)]]);

    expect(step.increases.map(({ container, amount }) => [container.node, amount])).toEqual([['cool', 50]]);
    expect(step.events.get('implausible')).toBe(1);
  });

  it('says that the exporter was restarted when most counters fall', () => {
    const steps = run([[0, ...many(5, 100)]], [[15, ...many(5, 1)]]);

    expect(steps[1].events.get('exporter-restarted')).toBe(1);
  });

  it('does not say so when only half of them fall, nor of one counter alone', () => {
    const half = run([[0, ...many(4, 100)]], [[15, ...many(2, 1), ...many(4, 101).slice(2)]]);
    const alone = run([[0, counter(100)]], [[15, counter(1)]]);

    expect(Object.fromEntries(half[1].events)).toEqual({ reset: 2 });
    expect(Object.fromEntries(alone[1].events)).toEqual({ reset: 1 });
  });

  it('counts exactly what the limit of a container allows, and not a millijoule more', () => {
    const most = 15 * LIMITS.maxContainerRate;
    const steps = run([[0, counter(0)]], [[15, counter(most)]], [[30, counter(2 * most + 0.001)]]);

    expect(energies(steps)).toEqual([most]);
    expect(steps[1].events.get('implausible')).toBeUndefined();
    expect(steps[2].events.get('implausible')).toBe(1);
  });

  it('records exactly what the counters gave, with resets, missed scrapes and new containers', () => {
    fc.assert(
      fc.property(history, (rounds) => {
        const values = new Map<string, number>();
        const scrapes: [Round][] = [];
        let given = 0;
        for (const [index, { changes, missed }] of rounds.entries()) {
          for (const { key, millijoules, reset } of changes) {
            const before = values.get(key);
            // A fall is only seen when it ends below the last value, and in a round that is scraped.
            const falls = reset && !missed && before !== undefined && millijoules + 1 < before;
            values.set(key, falls || before === undefined ? millijoules : before + millijoules);
            if (before !== undefined) given += millijoules;
          }
          if (!missed || index === 0)
            scrapes.push([
              [index * 15, ...[...values].map(([key, value]) => ({ ...counter(value / 1000), key, pod: key }))],
            ]);
        }

        const steps = run(...scrapes);

        const recorded = energies(steps).reduce((sum, amount) => sum + Math.round(amount * 1000), 0);
        expect(recorded).toBe(given);
      }),
    );
  });
});

/** Rounds of random growth of counters that all exist from the first, scraped one on; the last round is scraped. */
const history = fc
  .array(
    fc.record({
      missed: fc.boolean(),
      changes: fc.uniqueArray(
        fc.record({
          key: fc.constantFrom('a', 'b', 'c'),
          millijoules: fc.integer({ min: 0, max: 1_000_000 }),
          reset: fc.boolean(),
        }),
        { selector: ({ key }) => key },
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((rounds) => {
    const birth = ['a', 'b', 'c'].map((key) => ({ key, millijoules: 5_000, reset: false }));
    return [{ missed: false, changes: birth }, ...rounds, { missed: false, changes: [] }].flatMap((round, index) =>
      // A scrape before each reset, because what a counter gained after its last scrape is lost with the reset.
      round.changes.some((change) => change.reset) && index > 0 ? [{ missed: false, changes: [] }, round] : [round],
    );
  });

type Round = [number, ...Counter[]];

function run(...rounds: [Round][]): [IncreaseStep, IncreaseStep, IncreaseStep, ...IncreaseStep[]] {
  const steps: IncreaseStep[] = [];
  let state: CounterBaselines | undefined;
  for (const [[seconds, ...counters]] of rounds) {
    const step = increaseSince(state, { ...at(seconds), basis: 'a', counters }, LIMITS);
    state = step.baselines;
    steps.push(step);
  }
  return steps as [IncreaseStep, IncreaseStep, IncreaseStep, ...IncreaseStep[]];
}

function at(seconds: number) {
  return { at: START + seconds * 1000, monotonic: seconds * 1000, node: 'n' };
}

function counter(total: number): Counter {
  return { key: 'k', namespace: 'ns', pod: 'p', container: 'c', node: 'n', total, kind: 'cpu', resolved: true };
}

function gpu(joules: number): Counter {
  return { ...counter(joules), kind: 'gpu' };
}

function many(count: number, joules: number): Counter[] {
  return Array.from({ length: count }, (_, n) => ({ ...counter(joules), key: `k${n}`, pod: `p${n}` }));
}

function energies(steps: readonly IncreaseStep[]): number[] {
  return steps.flatMap((step) => step.increases.map((increase) => increase.amount));
}

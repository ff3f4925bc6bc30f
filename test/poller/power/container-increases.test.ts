import { describe, expect, it } from 'vitest';
import { ContainerIncreases } from '../../../poller/power/container-increases.ts';

const NAMES = { namespace: 'shop', pod: 'web', container: 'main', node: 'n', kind: 'cpu' as const };
const at = (seconds: number, wall = seconds) => ({ at: wall * 1000, monotonic: seconds * 1000 });

describe('ContainerIncreases', () => {
  it('adds counters of one container and interval up, in thousandths', () => {
    const sums = new ContainerIncreases();
    sums.add(NAMES, 1_500, at(0), at(15));
    sums.add(NAMES, 250, at(0), at(15));

    expect(sums.finish(1000)).toEqual({
      increases: [
        {
          container: { namespace: 'shop', pod: 'web', container: 'main', node: 'n' },
          ...{ start: 0, end: 15_000, amount: 1.75 },
        },
      ],
      implausibleNodes: 0,
    });
  });

  it('keeps apart what differs in a name, the device or the interval', () => {
    const sums = new ContainerIncreases();
    for (const change of [{}, { namespace: 'b' }, { pod: 'b' }, { container: 'b' }, { node: 'b' }])
      sums.add({ ...NAMES, ...change }, 1_000, at(0), at(15));
    sums.add({ ...NAMES, kind: 'gpu' }, 1_000, at(0), at(15));
    sums.add(NAMES, 1_000, at(15), at(30));

    const { increases } = sums.finish(1000);
    expect(increases.map(({ amount }) => amount)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(increases.map(({ container }) => container.device)).toEqual([
      ...[undefined, undefined, undefined, undefined, undefined, 'gpu', undefined],
    ]);
  });

  it('leaves a node out whose containers together exceed the rate, and counts it; at the rate it stays', () => {
    const sums = new ContainerIncreases();
    for (const pod of ['a', 'b']) {
      sums.add({ ...NAMES, pod, node: 'too-much' }, 7_501, at(0), at(15));
      sums.add({ ...NAMES, pod, node: 'just' }, 7_500, at(0), at(15));
    }

    const { increases, implausibleNodes } = sums.finish(1);
    expect(increases.map(({ container }) => container.node)).toEqual(['just', 'just']);
    expect(implausibleNodes).toBe(1);
  });

  it('takes the wall clock’s length, so that intervals meet, unless that clock was set', () => {
    const sums = new ContainerIncreases();
    sums.add({ ...NAMES, pod: 'usual' }, 1, at(0, 100), at(15, 115.4));
    sums.add({ ...NAMES, pod: 'just' }, 1, at(0, 100), at(15, 116));
    sums.add({ ...NAMES, pod: 'ahead' }, 1, at(0, 100), at(15, 3_700));
    sums.add({ ...NAMES, pod: 'back' }, 1, at(0, 100), at(15, 40));

    expect(sums.finish(1000).increases.map(({ start, end }) => [start, end])).toEqual([
      [100_000, 115_400],
      [100_000, 116_000],
      [3_685_000, 3_700_000],
      [25_000, 40_000],
    ]);
  });
});

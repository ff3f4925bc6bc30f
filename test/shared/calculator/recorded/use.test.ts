import { describe, expect, it } from 'vitest';
import { fullHours, recordedUse } from '../../../../shared/calculator/recorded/use.ts';
import { HOUR_MS, joules } from '../../../../shared/grid/units.ts';

const used = (pod: string, at: number, of: number, ms = HOUR_MS, namespace = 'shop') => ({
  container: { namespace, pod, container: 'main', node: 'n' },
  ...{ hour: at * HOUR_MS, joules: joules(of), coveredMs: ms },
});
const PERIOD = { from: 2 * HOUR_MS, to: 4 * HOUR_MS };

describe('recordedUse', () => {
  it('adds up the selected containers hour by hour, from the start of the period until before its end', async () => {
    const hours = [used('a', 1, 100), used('a', 2, 10), used('b', 2, 5), used('a', 3, 20), used('a', 4, 100)];

    expect(await recordedUse(hours, { namespace: 'shop' }, PERIOD)).toEqual({
      hours: [
        { hour: 2 * HOUR_MS, amount: 15, coveredMs: HOUR_MS },
        { hour: 3 * HOUR_MS, amount: 20, coveredMs: HOUR_MS },
      ],
      ...{ joules: 35, coverage: 1 },
    });
  });

  it('leaves out what is not selected', async () => {
    const hours = [used('a', 2, 10), used('a', 2, 90, HOUR_MS, 'batch'), used('other', 2, 70)];

    const { joules: total } = await recordedUse(hours, { namespace: 'shop', workloads: ['a'] }, PERIOD);
    expect(total).toBe(10);
  });

  it('covers the time for which any of them is known, and no more than all', async () => {
    const half = [used('a', 2, 10, HOUR_MS / 4), used('b', 2, 10, HOUR_MS / 2)];

    expect((await recordedUse(half, { namespace: 'shop' }, PERIOD)).coverage).toBe(0.25);
    expect((await recordedUse([], { namespace: 'shop' }, PERIOD)).coverage).toBe(0);
    const short = { from: 2 * HOUR_MS, to: 2.5 * HOUR_MS };
    expect((await recordedUse([used('a', 2, 10)], { namespace: 'shop' }, short)).coverage).toBe(1);
  });
});

it('takes the full hours that a period touches', () => {
  expect(fullHours({ from: 2.5 * HOUR_MS, to: 3.1 * HOUR_MS })).toEqual(PERIOD);
  expect(fullHours(PERIOD)).toEqual(PERIOD);
});

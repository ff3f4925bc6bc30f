import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { joules } from '../../../../shared/grid/units.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';
import { openSqliteWriter } from '../opened-parts.ts';

const root = mkdtempSync(join(tmpdir(), 'overlaps-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true }));

const START = Date.parse('2026-01-01T00:00:00Z');

function tick(target: string, fromSecond: number, toSecond: number, watts = 1, pod = 'p'): PowerTick {
  const container = { namespace: 'a', pod, container: 'c', node: 'n' };
  const [start, end] = [START + fromSecond * 1_000, START + toSecond * 1_000];
  return { target, samples: [{ container, start, end, joules: joules(watts * (toSecond - fromSecond)) }] };
}

async function stored(
  store: ReturnType<typeof openSqliteWriter>,
): Promise<[from: number, to: number, joules: number][]> {
  const found: [number, number, number][] = [];
  for await (const samples of store.samples({}, { from: 0, to: 9e12 }))
    for (const { start, end, joules: energy } of samples)
      found.push([(start - START) / 1_000, (end - START) / 1_000, energy]);
  return found;
}

describe('the embedded store', () => {
  it('counts a time of a container once, whichever of two processes writes it', async () => {
    const at = join(root, String(++folders));
    await using first = openSqliteWriter(at);
    await using second = openSqliteWriter(at);
    for (let from = 0; from < 600; from += 15) {
      await first.append(tick('t', from, from + 15));
      await second.append(tick('t', from + 7, from + 22));
    }

    const samples = await stored(first);
    let rolledUp = 0;
    for await (const { joules: energy } of first.hourly({}, { from: 0, to: 9e12 })) rolledUp += energy;

    for (const [index, [from]] of samples.entries())
      if (index > 0) expect(from).toBeGreaterThanOrEqual(samples[index - 1]?.[1] ?? 0);
    // The last sample of the second process goes seven seconds beyond those of the first.
    expect(samples.reduce((sum, [, , energy]) => sum + energy, 0)).toBe(600);
    expect(rolledUp).toBe(600);
  });

  it.each([
    ['an overlap of a millisecond is refused', 14.999, 30, [[0, 15, 15]]],
    [
      'what begins where the other ends is kept',
      15,
      30,
      [
        [0, 15, 15],
        [15, 30, 15],
      ],
    ],
    [
      'what ends where the other begins is kept',
      -15,
      0,
      [
        [-15, 0, 15],
        [0, 15, 15],
      ],
    ],
    ['the same again changes nothing', 0, 15, [[0, 15, 15]]],
    ['what lies within is refused', 5, 10, [[0, 15, 15]]],
    ['what lies around is refused', -5, 20, [[0, 15, 15]]],
  ])('%s, in ticks and in folded hours', async (_rule, from, to, expected) => {
    for (const folded of [false, true]) {
      await using store = openSqliteWriter(join(root, String(++folders)));
      await store.append(tick('t', 0, 15));
      if (folded) await store.compact(START + 2 * 3_600_000);
      await store.append(tick('another', from, to));
      if (folded) await store.compact(START + 2 * 3_600_000);

      expect(await stored(store)).toEqual(expected);
    }
  });

  it('takes other containers of the same tick, and adds two of one name and interval up', async () => {
    await using store = openSqliteWriter(join(root, String(++folders)));
    await store.append(tick('t', 0, 15));
    const twice = [...tick('t2', 0, 15, 2, 'q').samples, ...tick('t2', 0, 15, 3, 'q').samples];
    await store.append({ target: 't2', samples: [...twice, ...tick('t2', 0, 15).samples] });

    const [energy] = [await stored(store)].map((all) => all.reduce((sum, one) => sum + one[2], 0));

    expect(energy).toBe(15 + 30 + 45);
  });
});

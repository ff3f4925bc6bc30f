import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joules } from '../../../../shared/grid/units.ts';
import type { Container } from '../../../../shared/records/power.ts';
import { STORE_FILE } from '../../../../shared/store/sqlite/file.ts';
import { openSqliteWriter } from '../opened-parts.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'known-numbers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const named = (pod: string, more: Partial<Container> = {}): Container => ({
  namespace: 'a',
  pod,
  container: 'c',
  node: 'n',
  ...more,
});

/** Joules of containers over the n-th minute, as a target gives them. */
const tick = (target: string, minute: number, ...energies: [Container, number][]) => ({
  target,
  samples: energies.map(([container, energy]) => {
    return { container, start: START + minute * 60_000, end: START + (minute + 1) * 60_000, joules: joules(energy) };
  }),
});

type Writer = ReturnType<typeof openSqliteWriter>;

async function energies(store: Writer): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for await (const samples of store.samples({}, { from: 0, to: 9e12 }))
    for (const { container: of, joules: energy } of samples) {
      const name = `${of.namespace}/${of.pod}/${of.container}@${of.node} ${of.device ?? ''}`;
      found[name] = [...(found[name] ?? []), energy];
    }
  return found;
}

async function qualityOf(store: Writer): Promise<string> {
  for await (const samples of store.samples({}, { from: 0, to: 9e12 }))
    for (const { container } of samples) return container.powerQuality ?? 'measured';
  return 'none';
}

describe('the numbers of series that the embedded store remembers', () => {
  it('belong to names and not to places: containers change places, come, go and repeat from scrape to scrape', async () => {
    await using store = openSqliteWriter(folder);
    await store.append(tick('t', 0, [named('x'), 1], [named('y'), 2]));
    await store.append(tick('t', 1, [named('y'), 3], [named('x'), 4]));
    await store.append(tick('t', 2, [named('z'), 5], [named('y'), 6], [named('x'), 7]));
    await store.append(tick('t', 3, [named('y'), 8]));
    await store.append(tick('t', 4, [named('y'), 9], [named('y'), 10], [named('w'), 11], [named('w'), 12]));

    const found = await energies(store);

    expect(found).toEqual({
      'a/x/c@n ': [1, 4, 7],
      'a/y/c@n ': [2, 3, 6, 8, 9, 10],
      'a/z/c@n ': [5],
      'a/w/c@n ': [11, 12],
    });
  });

  it.each([
    ['namespace', { namespace: 'other' }],
    ['pod', { pod: 'other' }],
    ['container', { container: 'other' }],
    ['node', { node: 'other' }],
    ['device', { device: 'gpu' as const }],
  ])('differ where only the %s of the container in the same place differs', async (_name, more) => {
    await using store = openSqliteWriter(folder);
    await store.append(tick('t', 0, [named('x'), 1]));
    await store.append(tick('t', 1, [named('x', more), 2]));
    await store.append(tick('t', 2, [named('x'), 3]));

    expect(Object.values(await energies(store))).toEqual(expect.arrayContaining([[1, 3], [2]]));
  });

  it('go with how power was known last, whichever target said so', async () => {
    await using store = openSqliteWriter(folder);
    const modelled = named('x', { powerQuality: 'modelled' });
    const seen: string[] = [];
    for (const [target, minute, container] of [
      ['s', 0, named('x')],
      ['t', 1, modelled],
      ['s', 2, named('x')],
      ['t', 3, modelled],
      ['t', 4, modelled],
      ['s', 5, named('x')],
    ] as const) {
      await store.append(tick(target, minute, [container, 1]));
      seen.push(await qualityOf(store));
    }

    expect(seen).toEqual(['measured', 'modelled', 'measured', 'modelled', 'modelled', 'measured']);
  });

  it('are not kept from a tick that could not be written', async () => {
    await using store = openSqliteWriter(folder);
    await store.append(tick('s', 0, [named('v'), 1]));
    {
      using file = new DatabaseSync(join(folder, STORE_FILE));
      file.exec("CREATE TRIGGER full BEFORE INSERT ON tick BEGIN SELECT RAISE(ABORT, 'full'); END");
      await expect(store.append(tick('t', 1, [named('x'), 1], [named('y'), 2]))).rejects.toThrow('full');
      file.exec('DROP TRIGGER full');
    }

    await store.append(tick('s', 2, [named('z'), 3]));
    await store.append(tick('t', 3, [named('x'), 4], [named('y'), 5]));

    expect(await energies(store)).toEqual({
      'a/v/c@n ': [1],
      'a/x/c@n ': [4],
      'a/y/c@n ': [5],
      'a/z/c@n ': [3],
    });
  });
});

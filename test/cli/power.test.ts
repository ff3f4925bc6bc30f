import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joules } from '../../shared/grid/units.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { NOW, run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const end = Date.parse(NOW);

beforeAll(async () => {
  await using store = openSqliteWriter(folder.path);
  const modelled = { powerQuality: 'modelled' as const, powerModel: { name: 'aws:m5.xlarge', low: 0.5, high: 2 } };
  const names = (name: string, node: string) => ({ namespace: name, pod: name, container: name, node });
  const samples = [
    { container: { ...names('shop', 'n2'), ...modelled }, watts: 6 },
    { container: { ...names('__idle__', 'n2'), ...modelled }, watts: 3 },
    { container: { ...names('__system__', 'n2'), ...modelled }, watts: 1 },
    { container: names('shop', 'n1'), watts: 20 },
  ];
  for (let minute = 20; minute > 0; minute -= 1) {
    const at = end - (minute - 1) * 60_000;
    const tick = samples.map(({ container, watts }) => ({
      container,
      start: at - 60_000,
      end: at,
      joules: joules(watts * 60),
    }));
    await store.append({ target: 't', samples: tick });
  }
});
afterAll(() => folder[Symbol.dispose]());

describe('carbon power', () => {
  it('shows of each node how its power is known, by which model, and within which bounds', async () => {
    const ran = await run(['power', '--json'], { DATA_DIR: folder.path });

    const [measured, modelled] = JSON.parse(ran.out);
    expect(ran.code).toBe(0);
    expect(measured).toMatchObject({ node: 'n1', quality: 'measured', model: null, containers: 1 });
    expect(measured.watts).toBeCloseTo(20, 6);
    expect(modelled).toMatchObject({ node: 'n2', quality: 'modelled', model: 'aws:m5.xlarge', containers: 1 });
    for (const [figure, expected] of [
      [modelled.watts, 10],
      [modelled.watts_low, 5],
      [modelled.watts_high, 20],
      [modelled.idle_share, 0.3],
      [modelled.system_share, 0.1],
    ])
      expect(figure).toBeCloseTo(expected, 6);
  });

  it('prints a table with a row for each node', async () => {
    const { out } = await run(['power'], { DATA_DIR: folder.path });

    expect(out).toMatch(/n2 +modelled +aws:m5\.xlarge +- +1 +10\.0 +5\.0 to 20\.0 +30 % +10 %/);
  });

  it('says what to check where no power is known', async () => {
    using empty = temporaryFolder();

    const ran = await run(['power'], { DATA_DIR: empty.path });

    expect(ran.code).not.toBe(0);
    expect(ran.notes).toContain('no power of any node is recorded');
  });
});

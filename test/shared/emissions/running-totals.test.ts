import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunningTotals } from '../../../shared/emissions/running-totals.ts';
import { gramsPerKwh, HOUR_MS, JOULES_PER_KWH, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Container } from '../../../shared/records/power.ts';
import { openSqliteWriter } from '../store/opened-parts.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;
const web: Container = { namespace: 'shop', pod: 'web-7d4b9c6f5-x2k9p', container: 'app', node: 'n1' };
const folder = () => mkdtempSync(join(tmpdir(), 'totals-'));

let path: string;
let store: ReturnType<typeof openSqliteWriter>;
let totals: RunningTotals;

beforeEach(() => {
  path = folder();
  store = openSqliteWriter(path);
  totals = new RunningTotals({ store, zoneOfNode: (node) => (node === 'n1' ? zone('DE') : undefined) });
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(path, { recursive: true });
});

const use = (container: Container, minute: number, kwh: number) =>
  store.append({
    target: `${container.pod}/${container.device ?? ''}`,
    samples: [
      {
        ...{ container, start: NOON + minute * MINUTE, end: NOON + (minute + 1) * MINUTE },
        joules: joules(kwh * JOULES_PER_KWH),
      },
    ],
  });
const intensity = (hour: number, value: number) =>
  store.record([
    {
      ...{ zone: zone('DE'), hour: NOON + hour * HOUR_MS, carbonIntensity: gramsPerKwh(value) },
      ...{ provider: 'test', signal: 'average' as const, quality: 'measured' as const },
    },
  ]);
const seen = () =>
  [...totals.workloads()].map(({ workload, joules: used, grams }) => [workload, used / JOULES_PER_KWH, grams]);

it('counts what is used from the first observation on, at the intensity of its hour', async () => {
  await intensity(0, 300);
  await use(web, 0, 5);
  await totals.observe(NOON + MINUTE);
  await use(web, 1, 1);
  await totals.observe(NOON + 2 * MINUTE);
  await totals.observe(NOON + 3 * MINUTE);

  expect(seen()).toEqual([['web', expect.closeTo(1, 6), expect.closeTo(300, 3)]]);
});

it('goes on over the turn of an hour, with records that come late', async () => {
  await intensity(0, 300);
  await intensity(1, 100);
  await totals.observe(NOON);
  await use(web, 58, 1);
  await totals.observe(NOON + 59 * MINUTE);
  await use(web, 61, 1);
  await use({ ...web, pod: 'web-7d4b9c6f5-zzzzz' }, 59, 2);
  await totals.observe(NOON + 70 * MINUTE);

  expect(seen()).toEqual([['web', expect.closeTo(4, 6), expect.closeTo(3 * 300 + 100, 3)]]);
});

it('prices energy once its intensity is known, and not again when that changes', async () => {
  await intensity(-5, 1);
  await totals.observe(NOON);
  await use(web, 1, 2);
  await totals.observe(NOON + 2 * MINUTE);
  const before = seen();
  await intensity(0, 300);
  await totals.observe(NOON + 3 * MINUTE);
  await intensity(0, 200);
  await use(web, 4, 1);
  await totals.observe(NOON + 5 * MINUTE);

  expect(before).toEqual([['web', expect.closeTo(2, 6), 0]]);
  expect(seen()).toEqual([['web', expect.closeTo(3, 6), expect.closeTo(2 * 300 + 200, 3)]]);
});

it('counts nodes with what they use while idle, and GPUs apart', async () => {
  await intensity(0, 300);
  await totals.observe(NOON);
  await use(web, 1, 1);
  await use({ ...web, device: 'gpu' }, 1, 2);
  await use({ namespace: '__idle__', pod: '__idle__', container: '__idle__', node: 'n1' }, 1, 4);
  await totals.observe(NOON + 2 * MINUTE);

  expect([...totals.nodes()]).toEqual([['n1', expect.closeTo(7 * JOULES_PER_KWH, 0)]]);
  expect([...totals.workloads()].map(({ workload, device }) => [workload, device])).toEqual([
    ['web', undefined],
    ['web', 'gpu'],
    ['__idle__', undefined],
  ]);
});

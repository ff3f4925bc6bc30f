// Flow: emissions that a store adds up, beside the same that this program adds up from each container's hours.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gramsPerKwh, HOUR_MS, joules } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { type Container, IDLE, type PowerSample, SYSTEM } from '../../../../shared/records/power.ts';
import type { RecordingStore } from '../../../../shared/store/store.ts';
import { temporaryFolder } from '../../../cli/run.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import { query } from '../../../servers/query.ts';
import { sqliteRecording, timescaleRecording } from '../../../shared/store/opened-parts.ts';
import { NOON, start } from '../start-api.ts';

const DAYS = 5;
const model = (low: number) => ({ powerQuality: 'modelled', powerModel: { name: `m${low}`, low, high: 1.4 } }) as const;

/** Containers of three nodes, one of them without a zone, in every way in which power is known. */
const CONTAINERS: readonly Container[] = ['n1', 'n2', 'lost'].flatMap((node, at) => [
  { namespace: 'shop', pod: `web-${at}`, container: 'app', node },
  { namespace: 'shop', pod: `web-${at}`, container: 'app', node, device: 'gpu' as const },
  { namespace: 'shop', pod: `db-${at}`, container: 'app', node, ...model(0.7) },
  { namespace: 'labs', pod: `job-${at}`, container: 'run', node, ...model(0.5 + at / 10) },
  { namespace: IDLE, pod: IDLE, container: IDLE, node },
  { namespace: SYSTEM, pod: SYSTEM, container: SYSTEM, node },
]);

/** Samples of ten minutes over five days up to noon, with gaps that differ by container. */
async function record({ history }: RecordingStore): Promise<void> {
  const step = HOUR_MS / 6;
  for (let hour = -DAYS * 24; hour < 0; hour += 1) {
    const samples = CONTAINERS.flatMap((container, at): PowerSample[] => {
      if ((hour * 7 + at * 3) % 11 === 0) return [];
      return Array.from({ length: 6 }, (_, part) => {
        const from = NOON + hour * HOUR_MS + part * step + (at % 2) * 120_000;
        return {
          container,
          start: from,
          end: from + step,
          joules: joules(1_000 + ((hour * 131 + at * 17 + part) % 997)),
        };
      });
    });
    await history.append({ target: 't', samples });
  }
}

/** Intensities of two zones, some hours of which are missing or less certain. */
function intensities({ history }: RecordingStore): Promise<void> {
  const hours = Array.from({ length: DAYS * 24 }, (_, back) => back);
  return history.record(
    ['DE', 'FR'].flatMap((code, at) =>
      hours
        .filter((back) => back < 30 || back > 53 || (back + at) % 5 !== 0)
        .map((back) => ({
          zone: zone(code),
          hour: NOON - (back + 1) * HOUR_MS,
          carbonIntensity: gramsPerKwh(at === 0 ? 300 + back : 40 + (back % 9)),
          provider: 'test',
          signal: 'average' as const,
          quality: back > 60 && back % 13 === 0 ? ('forecast' as const) : ('measured' as const),
        })),
    ),
  );
}

/** Marginal intensities of some of the hours. */
function marginals({ history }: RecordingStore): Promise<void> {
  return history.record(
    ['DE', 'FR'].flatMap((code, at) =>
      Array.from({ length: 40 }, (_, back) => ({
        zone: zone(code),
        hour: NOON - (2 * back + 1 + at * (back % 2)) * HOUR_MS,
        carbonIntensity: gramsPerKwh(500 + 7 * back * (1 - 2 * at)),
        provider: 'test',
        signal: 'marginal' as const,
        quality: 'estimated' as const,
      })),
    ),
  );
}

const pick = (...values: string[]) => fc.constantFrom('', ...values);
const requests = fc
  .record({
    window: fc.constantFrom(
      '7d',
      '5d',
      '72h',
      '24h',
      '2025-12-28T03:20:00Z,2026-01-01T11:50:00Z',
      '2025-12-29,2025-12-31',
    ),
    aggregate: fc.constantFrom('namespace', 'node', 'pod', 'namespace,node', 'workload', 'cluster', 'container'),
    step: pick('1d', '6h', '5h'),
    accumulate: pick('day', 'week', 'true'),
    includeIdle: pick('true'),
    shareIdle: pick('true'),
    zone: pick('FR', 'PL'),
    filter: pick('namespace:"shop"', 'node!:"n1"', 'namespace:"labs"|pod<~:"web"'),
    namespace: pick('shop'),
  })
  .map((fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== '')).toString());

/** Fails where two responses differ in more than the last digits of a number: sums of other orders do. */
function expectAlike(ours: unknown, theirs: unknown, path = ''): void {
  if (typeof ours === 'number' && typeof theirs === 'number')
    // Differences of grams may cancel out: they are as exact as what they are between.
    expect(Math.abs(ours - theirs), `${path}: ${ours} and ${theirs}`).toBeLessThanOrEqual(
      path.endsWith('difference_grams') ? 1e-8 : 1e-10 * Math.abs(theirs),
    );
  else if (typeof ours === 'object' && typeof theirs === 'object' && ours !== null && theirs !== null) {
    expect(Object.keys(ours), path).toEqual(Object.keys(theirs));
    for (const [key, value] of Object.entries(ours)) expectAlike(value, Reflect.get(theirs, key), `${path}/${key}`);
  } else expect(ours, path).toEqual(theirs);
}

/** A late sample takes a day out of those that are folded. */
async function recordLate({ history }: RecordingStore): Promise<void> {
  const [container] = CONTAINERS as [Container];
  const late = NOON - 60 * HOUR_MS - 1;
  await history.append({
    target: 't',
    samples: [{ container: { ...container, pod: 'late-0' }, start: late - 1_000, end: late, joules: joules(5) }],
  });
}

/** The same store, which adds nothing up itself. */
function withoutTotals(store: RecordingStore): RecordingStore {
  const { energyTotals: _added, hourTotals: _matched, ...history } = store.history;
  return { ...store, history };
}

/** The making of two of the three machines is known. */
const MACHINES = { EMBODIED_KG: 'n1=900,lost=70', PUE: '1.2' };

/** Contracts that match all of an hour, a part or nothing of it, with a residual mix of some of the time. */
const CONTRACTS = `contracts:
  - { name: wind, kind: ppa, zone: DE, from: 2025-12-28T06:00:00Z, to: 2025-12-31, mwh_per_hour: 0.00001, grams_per_kwh: 12 }
  - { name: more wind, kind: ppa, zone: DE, from: 2025-12-30T00:30:00Z, to: 2026-01-01, mwh_per_hour: 0.000007, grams_per_kwh: 0 }
  - { name: water, kind: certificate, zone: FR, from: 2025-12-29, to: 2026-01-02, mwh_per_year: 300, grams_per_kwh: 4 }
residual_mix:
  - { zone: DE, from: 2025-12-27, to: 2025-12-30T15:00:00Z, grams_per_kwh: 650, source: test }
`;

function contractsIn(folder: string): { CONTRACTS_FILE: string } {
  const file = join(folder, 'contracts.yaml');
  writeFileSync(file, CONTRACTS);
  return { CONTRACTS_FILE: file };
}

type Api = Awaited<ReturnType<typeof start>>;

/** Compares both ways for many requests. */
async function expectSame(ours: Api, theirs: Api): Promise<void> {
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const [own, other] = [await ours.get(`/api/emissions?${request}`), await theirs.get(`/api/emissions?${request}`)];

      expect(own.status).toBe(200);
      expectAlike(own.body, other.body);
    }),
    { numRuns: 30 },
  );
}

describe('emissions added up in the embedded store', () => {
  it('are those that are added up from hours, whatever is asked for', { timeout: 120_000 }, async () => {
    using folder = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const store = stack.use(sqliteRecording(folder.path));
    const counted = { calls: 0 };
    const { energyTotals } = store.history;
    const history = {
      ...store.history,
      energyTotals: (request: Parameters<NonNullable<typeof energyTotals>>[0]) => {
        counted.calls += 1;
        return energyTotals?.(request) ?? Promise.resolve([]);
      },
    };
    const inStore = stack.use(await start(undefined, undefined, undefined, {}, { ...store, history }));
    const here = stack.use(await start(undefined, undefined, undefined, {}, withoutTotals(store)));
    await record(store);
    await intensities(store);
    await marginals(store);
    await store.history.compact(NOON - 2 * HOUR_MS);
    await recordLate(store);

    await expectSame(inStore, here);
    const env = contractsIn(folder.path);
    const matched = stack.use(await start(undefined, undefined, undefined, env, { ...store, history }));
    await expectSame(matched, stack.use(await start(undefined, undefined, undefined, env, withoutTotals(store))));
    const contracted = (await matched.get('/api/emissions?window=5d&aggregate=node')).body;
    const made = stack.use(await start(undefined, undefined, undefined, MACHINES, store));
    const { body } = await made.get('/api/emissions?window=5d&aggregate=node');

    expect(body.data[0].n1.embodied_grams).toBeGreaterThan(0);
    expect(contracted.data[0].n1).toMatchObject(MATCHED);
    expect(counted.calls).toBeGreaterThan(60);
  });
});

/** What node n1 shows when every part of market-based figures has some of its energy. */
const MATCHED = {
  matched_share: expect.toSatisfy((share: number) => share > 0.2 && share < 0.9),
  market_unknown_kwh: expect.toSatisfy((kwh: number) => kwh > 0),
  market_basis: ['location-based', 'residual-mix'],
};

describeDatabases('emissions added up in the database', (_name, server) => {
  let dsn: string;
  const opened: AsyncDisposable[] = [];
  const serve = async (change: (store: RecordingStore) => RecordingStore, env: Record<string, string> = {}) => {
    const api = await start(undefined, undefined, undefined, env, change(timescaleRecording(dsn)));
    opened.push(api);
    return api;
  };
  let inDatabase: Api;
  let here: Api;

  beforeAll(async () => {
    dsn = await server().database();
    inDatabase = await serve((store) => store);
    here = await serve(withoutTotals);
    await using store = timescaleRecording(dsn);
    await record(store);
    await intensities(store);
    await marginals(store);
    await store.history.compact(NOON);
    await recordLate(store);
  }, 120_000);
  afterAll(async () => {
    for (const api of opened) await api[Symbol.asyncDispose]();
  });

  it('are those that are added up from hours, whatever is asked for', { timeout: 120_000 }, async () => {
    const folded = await query(dsn, 'SELECT day FROM power_folded_day');
    expect(folded).toHaveLength(4);

    await expectSame(inDatabase, here);
  });

  it('share the making of machines as those that are added up from hours', { timeout: 120_000 }, async () => {
    const adding = await serve((store) => store, MACHINES);

    await expectSame(adding, await serve(withoutTotals, MACHINES));

    const { body } = await adding.get('/api/emissions?window=5d&aggregate=node');
    expect(body.data[0].n1.embodied_grams).toBeGreaterThan(0);
    expect(body.data[0].n2.embodied_grams).toBeNull();
  });

  it('are matched with contracts as those that are added up from hours', { timeout: 120_000 }, async () => {
    using folder = temporaryFolder();
    const env = contractsIn(folder.path);
    const adding = await serve((store) => store, env);

    await expectSame(adding, await serve(withoutTotals, env));

    const { body } = await adding.get('/api/emissions?window=5d&aggregate=node');
    expect(body.data[0].n1).toMatchObject(MATCHED);
  });

  it('of a part of a group are those of its series alone', async () => {
    await query(dsn, "UPDATE power_series SET power_quality = 'measured', power_model = NULL");
    const kwhOf = async (filter: string) =>
      (await inDatabase.get(`/api/emissions?window=7d&aggregate=namespace&${filter}`)).body.data[0].shop.kwh;

    const [web, others, all] = await Promise.all([
      kwhOf('pod=web-0'),
      kwhOf(`filter=${encodeURIComponent('pod!:"web-0"')}`),
      kwhOf(''),
    ]);

    expect(web).toBeGreaterThan(0);
    expect(web + others).toBeCloseTo(all, 9);
  });

  // The containers of a namespace on a node are one group in rows by namespace, and none in rows by pod.
  it.each([
    ['pod', 'power_day', 'power_series ON power_series.id = series_id'],
    ['namespace', 'power_group_day', 'power_group ON power_group.id = group_id'],
  ])('by %s come from %s where days are folded, and from none that a late sample reached', async (by, table, names) => {
    await query(dsn, "UPDATE power_series SET power_quality = 'measured', power_model = NULL");
    const kwh = async () => {
      const { body } = await inDatabase.get(`/api/emissions?window=7d&aggregate=${by}`);
      const rows = Object.entries(body.data[0] as Record<string, { kwh: number }>);
      return rows.reduce((sum, [name, row]) => sum + (/^shop/.test(name) ? row.kwh : 0), 0);
    };
    const before = await kwh();

    await query(dsn, `UPDATE ${table} SET millijoules = millijoules + 3.6e9`);
    const after = await kwh();

    const [{ rows }] = await query(
      dsn,
      `SELECT count(*)::integer AS rows FROM ${table} JOIN ${names}
       WHERE namespace = 'shop' AND (device = '' OR '${by}' = 'namespace') AND day IN (SELECT day FROM power_folded_day)`,
    );
    expect(rows).toBeGreaterThan(0);
    expect(after - before).toBeCloseTo(rows, 6);
  });
});

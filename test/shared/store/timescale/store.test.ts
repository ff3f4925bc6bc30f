import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../../../shared/grid/units.ts';
import type { Container, PowerSample, WritableStore } from '../../../../shared/records/power.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import { query } from '../../../servers/query.ts';
import { collect, collectSamples } from '../collect.ts';
import { storeContract } from '../contract.ts';
import { openTimescaleReader, openTimescaleWriter } from '../opened-parts.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const DAY_MS = 24 * HOUR_MS;
const web: Container = { namespace: 'shop', pod: 'web-1', container: 'app', node: 'n1' };
const db: Container = { namespace: 'shop', pod: 'db-0', container: 'postgres', node: 'n2' };

function sample(container: Container, end: number, energy: number, ms = 15_000): PowerSample {
  return { container, start: end - ms, end, joules: joules(energy) };
}

const energy = async (store: WritableStore, to = NOON + 400 * DAY_MS) => {
  const rows = await collect(store.hourly({}, { from: NOON - 400 * DAY_MS, to }));
  return rows.reduce((sum, row) => sum + row.joules, 0);
};

/** The rollup made again from the samples, and the one that is kept: equal when they are in step. */
const STEP = `
WITH again AS (
  SELECT series_id, date_bin('1 hour', end_time - INTERVAL '1 millisecond', 'epoch') AS hour, count(*) AS samples,
    min(start_time) AS first_start, max(end_time) AS last_end,
    bit_or(1::bigint << (floor(extract(epoch FROM end_time - INTERVAL '1 millisecond') / 60)::bigint % 60)::integer) AS minutes
  FROM power_sample GROUP BY 1, 2
)
SELECT count(*)::integer AS differences FROM (SELECT * FROM power_hour WHERE minutes <> 0) AS kept FULL JOIN again USING (series_id, hour)
WHERE (kept.samples, kept.first_start, kept.last_end, kept.minutes)
  IS DISTINCT FROM (again.samples, again.first_start, again.last_end, again.minutes)`;

describeDatabases('the store', (name, server) => {
  storeContract(name, async () => openTimescaleWriter(await server().database()));

  it('counts no time of a container twice when two recorders write at once', async () => {
    const dsn = await server().database();
    await using first = openTimescaleWriter(dsn);
    await using second = openTimescaleWriter(dsn);

    // The second scrapes seven seconds later: every sample overlaps two of the first.
    const ticks = Array.from({ length: 12 }, (_, n) => NOON + (n + 1) * 15_000);
    await Promise.all([
      ...ticks.map((end) => first.append({ target: 'a', samples: [sample(web, end, 15)] })),
      ...ticks.map((end) => second.append({ target: 'a', samples: [sample(web, end + 7_000, 15)] })),
    ]);

    const [hour] = await collect(first.hourly({}, { from: NOON, to: NOON + HOUR_MS }));
    const found = await collectSamples(first.samples({}, { from: NOON, to: NOON + HOUR_MS }));
    expect(hour?.coveredMs).toBeLessThanOrEqual(12 * 15_000 + 7_000);
    expect(hour?.joules).toBe((hour?.coveredMs ?? 0) / 1000);
    for (const [index, one] of found.slice(1).entries())
      expect(one.start).toBeGreaterThanOrEqual(found[index]?.end ?? 0);
  });

  it('counts the newest minute by the last millisecond of its samples', async () => {
    await using store = openTimescaleWriter(await server().database());
    await store.append({ target: 'a', samples: [sample(web, NOON + 15_000, 1), sample(db, NOON + 60_000, 1)] });
    await store.append({ target: 'a', samples: [sample(web, NOON + 60_000, 1)] });

    const totals = await store.totals();

    expect(totals).toEqual({ containers: 2, blocks: 2, currentBlocks: 2, lastMeasurement: NOON + 60_000 });
  });

  it('adds up two containers of one name within a scrape', async () => {
    await using store = openTimescaleWriter(await server().database());

    await store.append({ target: 'a', samples: [sample(web, NOON + 15_000, 1), sample(web, NOON + 15_000, 2)] });

    expect(await collectSamples(store.samples({}, { from: NOON, to: NOON + HOUR_MS }))).toEqual([
      sample(web, NOON + 15_000, 3),
    ]);
  });

  it('conserves energy and keeps the rollup in step, whatever the intervals and their order', {
    timeout: 120_000,
  }, async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn);
    const lengths = fc.array(fc.integer({ min: 1, max: 3 * HOUR_MS }), { minLength: 1, maxLength: 12 });
    let expected = 0;
    let pod = 0;

    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 0, max: DAY_MS }), fc.boolean(), async (given, offset, backwards) => {
        const container = { ...web, pod: `pod-${++pod}` };
        let end = NOON + offset;
        const samples = given.map((ms) => {
          end += ms;
          return sample(container, end, (ms * 7) / 1000, ms);
        });
        if (backwards) samples.reverse();
        for (const one of samples) await store.append({ target: 'a', samples: [one] });
        expected += given.reduce((sum, ms) => sum + ms * 7, 0);

        expect(Math.round((await energy(store)) * 1000)).toBe(expected);
      }),
      { numRuns: 12 },
    );

    expect(await query(dsn, STEP)).toEqual([{ differences: 0 }]);
  });

  it('streams more samples than it fetches at a time, in order, by series and by time', async () => {
    await using store = openTimescaleWriter(await server().database());
    const pods = Array.from({ length: 40 }, (_, n) => ({ ...db, pod: `p${String(n).padStart(2, '0')}` }));
    for (let hour = 0; hour < 7; hour += 1) {
      const ends = Array.from({ length: 3_600 }, (_, n) => NOON + hour * HOUR_MS + (n + 1) * 1000);
      await store.append({ target: 'a', samples: ends.map((end) => sample(web, end, 1, 1000)) });
      await store.append({
        target: 'b',
        samples: pods.map((container) => sample(container, NOON + (hour + 1) * HOUR_MS, 1)),
      });
    }

    const found = await collectSamples(store.samples({}, { from: NOON, to: NOON + DAY_MS }));

    expect(found).toHaveLength(7 * 3_600 + 7 * 40);
    const keys = found.map(({ container, end }) => `${container.pod} ${end}`);
    expect(keys).toEqual([...keys].sort());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('drops whole days, hides the rest of the day it forgets, and takes late samples of days that are gone', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn);
    for (const day of [0, 1, 2]) await store.append({ target: 'a', samples: [sample(web, NOON + day * DAY_MS, 1)] });

    await store.forgetBefore(NOON + DAY_MS + HOUR_MS);
    await store.append({ target: 'a', samples: [sample(db, NOON, 1)] });

    const left = await query(
      dsn,
      `SELECT count(*)::integer AS rows FROM power_sample WHERE series_id =
      (SELECT id FROM power_series WHERE pod = 'web-1')`,
    );
    expect(left).toEqual([{ rows: 2 }]);
    const found = await collectSamples(store.samples({}, { from: 0, to: NOON + 9 * DAY_MS }));
    expect(found.map(({ end }) => end)).toEqual([NOON + 2 * DAY_MS]);
    expect(await store.forgetBefore(NOON + DAY_MS + HOUR_MS)).toBe(1);
  });

  it('keeps how power was known, when targets answered, and what pods are labelled with', async () => {
    await using store = openTimescaleWriter(await server().database());
    const modelled = { ...web, powerQuality: 'modelled' } as const;
    await store.append({ target: 'a', samples: [sample(web, NOON + 15_000, 1)], scrapedAt: NOON + 15_000 });
    await store.append({ target: 'a', samples: [sample(modelled, NOON + 30_000, 1)] });
    await store.append({ target: 'b', samples: [], scrapedAt: NOON + 90_000 });
    const before = await store.podLabels?.();
    await store.recordLabels?.([{ namespace: 'shop', pod: 'web-1', labels: { app: 'old' } }], NOON);
    await store.recordLabels?.([{ namespace: 'shop', pod: 'web-1', labels: { app: 'web' } }], NOON + 1);

    expect((await store.containers()).map(({ container }) => container)).toEqual([modelled]);
    expect((await store.totals()).lastScrape).toBe(NOON + 90_000);
    expect(before).toBeUndefined();
    expect(await store.podLabels?.()).toEqual([{ namespace: 'shop', pod: 'web-1', labels: { app: 'web' } }]);
  });

  it('skips containers that a reader has had already', async () => {
    await using store = openTimescaleWriter(await server().database());
    await store.append({ target: 'a', samples: [sample(web, NOON + 15_000, 1), sample(db, NOON + 15_000, 2)] });

    const after = { container: { ...db, pod: 'db-1' }, end: 0 };
    const found = await collectSamples(store.samples({}, { from: NOON, to: NOON + HOUR_MS }, after));

    expect(found.map(({ joules }) => joules)).toEqual([1]);
  });

  it('lets people read power and energy by name with SQL', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn);
    await store.append({ target: 'a', samples: [sample(web, NOON + 15_000, 30)] });

    const [power] = await query(
      dsn,
      'SELECT pod, joules_per_second::float8 AS watts, block_start FROM v_container_power',
    );
    const [hour] = await query(dsn, 'SELECT pod, joules::float8, coverage::float8 FROM v_container_energy_hourly');

    expect(power).toEqual({ pod: 'web-1', watts: 2, block_start: new Date(NOON) });
    expect(hour).toEqual({ pod: 'web-1', joules: 30, coverage: 15 / 3600 });
  });

  it('answers a reader who comes before the poller, and one who may only read', async () => {
    const dsn = await server().database();
    await using early = openTimescaleReader(dsn);
    const before = await early.totals();
    await query(dsn, "CREATE ROLE viewer LOGIN PASSWORD 'v'").catch(() => undefined);
    await query(dsn, 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO viewer');

    await using viewer = openTimescaleReader(dsn.replace(/postgres:[^@]*@/, 'viewer:v@'));

    expect(before.containers).toBe(0);
    expect(await viewer.totals()).toEqual(before);
  });
});

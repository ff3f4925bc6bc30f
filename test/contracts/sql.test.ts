// Flow: the SQL of people who know the tables of document 002, on a database that the product wrote.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { HourlyIntensity } from '../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { ROOT } from '../laws/sources.ts';
import { describeDatabase } from '../servers/databases.ts';
import { query } from '../servers/query.ts';
import { timescaleRecording } from '../shared/store/opened-parts.ts';
import { workload } from '../shared/store/workloads-contract.ts';

/** A day of two regions by the names of the document, the last hour the current one. */
function hours(): HourlyIntensity[] {
  const now = hourOf(Date.now());
  return [
    ['US-MIDA-PJM', 'us-east-1'],
    ['DE', 'eu-central-1'],
  ].flatMap(([code = '', name = '']) =>
    Array.from({ length: 24 }, (_, back) => ({
      zone: zone(code),
      regionNames: [name],
      hour: now - back * HOUR_MS,
      carbonIntensity: gramsPerKwh(code === 'DE' ? 40 + back : 400 + back),
      provider: 'electricity-maps',
      signal: 'average' as const,
      quality: 'measured' as const,
      energyMix: { solar: 10, wind: 20, hydro: 5, coal: 30, gas: 35 },
    })),
  );
}

/** Queries of the document as they are typed there, with the number of rows that they must have. */
const QUERIES: readonly [string, number][] = [
  ['SELECT * FROM v_latest_co2e_by_region;', 2],
  [
    `SELECT region, timestamp, gCO2_per_kWh,
       energy_mix_solar, energy_mix_wind, energy_mix_coal
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '24 hours'
ORDER BY timestamp DESC;`,
    48,
  ],
  ['SELECT region, COUNT(*) as record_count\nFROM co2e_emissions\nGROUP BY region;', 2],
  [
    `SELECT region,
       MAX(timestamp) as latest_data,
       NOW() - MAX(timestamp) as data_age
FROM co2e_emissions
GROUP BY region;`,
    2,
  ],
  [
    `-- Find missing hourly data points (last 7 days)
SELECT region,
       DATE_TRUNC('hour', timestamp) as hour,
       COUNT(*) as samples
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '7 days'
GROUP BY region, DATE_TRUNC('hour', timestamp)
HAVING COUNT(*) = 0
ORDER BY hour DESC;`,
    0,
  ],
  ['SELECT DISTINCT region FROM v_co2e_24h_hourly_avg;', 2],
  ['SELECT DISTINCT region FROM v_clean_energy_windows;', 1],
  [
    `SELECT region,
       DATE_TRUNC('hour', timestamp) as hour,
       AVG(gCO2_per_kWh) as avg_intensity,
       AVG(energy_mix_solar + energy_mix_wind) as renewable_pct
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '7 days'
GROUP BY region, DATE_TRUNC('hour', timestamp)
HAVING AVG(gCO2_per_kWh) < 200
ORDER BY avg_intensity ASC
LIMIT 20;`,
    20,
  ],
  [
    `SELECT region,
       AVG(gCO2_per_kWh) as avg_gCO2_kWh,
       AVG(energy_mix_solar + energy_mix_wind + energy_mix_hydro) as renewable_pct
FROM co2e_emissions
WHERE timestamp >= NOW() - INTERVAL '30 days'
GROUP BY region
ORDER BY avg_gCO2_kWh ASC;`,
    2,
  ],
  ["SELECT * FROM co2e_emissions WHERE region = 'us-east-1'", 24],
  ["SELECT id, region FROM co2e_emissions WHERE source = 'electricity_maps'", 48],
  [
    `SELECT w.service_name, avg(e.gCO2_per_kWh) FROM workload_emissions w JOIN co2e_emissions e ON e.region = w.region
GROUP BY w.service_name`,
    2,
  ],
  ['SELECT DISTINCT w.region FROM workload_emissions w JOIN co2e_emissions e ON e.zone = w.zone', 1],
  ['SELECT 1 FROM co2e_emissions LIMIT 1;', 1],
  ["SELECT COUNT(*) FROM co2e_emissions WHERE created_at > NOW() - INTERVAL '5 minutes' HAVING COUNT(*) = 48;", 1],
  ["SELECT id FROM workload_emissions WHERE service_name = 'reporting'", 1],
  ['SELECT cleanup_old_co2e_data();', 1],
];

const INDEXES = [
  ...['idx_co2e_region_timestamp', 'idx_co2e_high_intensity', 'idx_co2e_clean_periods', 'idx_co2e_metadata_gin'],
  ...['idx_workload_service_period', 'idx_workload_high_emissions'],
];

describeDatabase('the SQL of document 002', (server) => {
  it('runs as it is typed, with the rows that were recorded', async () => {
    const dsn = await server().database();
    await using store = timescaleRecording(dsn, 90);
    await store.history.record(hours());
    // The key fields that the document names, and no others.
    await store.workloads.saveWorkloads([workload()]);
    await query(
      dsn,
      `INSERT INTO workload_emissions (service_name, region, period_start, period_end, request_count, total_kWh, total_gCO2e)
       VALUES ('reporting', 'us-east-1', '2026-01-01', '2026-01-02', 1000, 2, 901)`,
    );

    const counts = [];
    for (const [sql] of QUERIES) counts.push((await query(dsn, sql)).length);
    const [filled] = await query(
      dsn,
      `SELECT gCO2e_per_1k_requests::float8 AS per_1k, avg_grid_gCO2_per_kWh::float8 AS grid, calculation_method AS method
       FROM workload_emissions WHERE service_name = 'reporting'`,
    );
    const keys = await query(
      dsn,
      `SELECT conrelid::regclass::text AS t FROM pg_constraint
       WHERE contype = 'p' AND conrelid::regclass::text IN ('co2e_emissions', 'workload_emissions') ORDER BY 1`,
    );
    const indexes = await query(dsn, 'SELECT indexname FROM pg_indexes');

    expect(counts).toEqual(QUERIES.map(([, rows]) => rows));
    expect(filled).toMatchObject({ per_1k: 901, grid: 450.5, method: 'manual' });
    expect(keys.map(({ t }) => t)).toEqual(['co2e_emissions', 'workload_emissions']);
    expect(indexes.map(({ indexname }) => indexname)).toEqual(expect.arrayContaining(INDEXES));
    expect((await store.history.intensities([zone('DE')], { from: 0, to: Date.now() }))[0]?.provider).toBe(
      'electricity-maps',
    );
  });

  it('takes over the rows of an old table as the migration page says, and twice changes nothing', async () => {
    const dsn = await server().database();
    await using store = timescaleRecording(dsn, 90);
    await store.history.record(hours());
    const page = readFileSync(join(ROOT, 'docs/migration.md'), 'utf8');
    const copy = /```sql\n(INSERT INTO co2e_emissions[^`]*)```/.exec(page)?.[1] ?? '';
    await query(
      dsn,
      `CREATE TABLE old_table AS SELECT region, timestamp AS ts, 1 AS intensity FROM co2e_emissions
       UNION ALL SELECT 'eu-central-1', '2025-01-01T00:00:00Z', 280.5`,
    );

    for (const _time of [1, 2]) await query(dsn, copy);

    const rows = await query(dsn, "SELECT gCO2_per_kWh::float8 AS grams FROM co2e_emissions WHERE source = 'imported'");
    const [{ count }] = await query(dsn, 'SELECT count(*)::integer FROM co2e_emissions');
    expect(rows).toEqual([{ grams: 280.5 }]);
    expect(count).toBe(49);
  });
});

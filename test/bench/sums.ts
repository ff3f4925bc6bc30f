import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gramsPerKwh, HOUR_MS } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import { temporaryFolder } from '../cli/run.ts';
import { NOON, start } from '../extender/api/start-api.ts';
import { postgresAvailable, startPostgres } from '../servers/postgres.ts';
import type { PostgresServer } from '../servers/postgres-cluster.ts';
import { withConnection } from '../servers/query.ts';
import { startTimescaledb, timescaledbAvailable } from '../servers/timescaledb.ts';
import { timescaleRecording } from '../shared/store/opened-parts.ts';
import { type Comparison, compare } from './measure.ts';

/** Full size: 6,000 series and 90 days. BENCH_SERIES and BENCH_DAYS in the environment make it smaller. */
const SERIES = Number(process.env.BENCH_SERIES ?? 6_000);
const DAYS = Number(process.env.BENCH_DAYS ?? 90);
const ROUNDS = { rounds: 9, warmUp: 2 };
/** The running day is the last of a window. */
const TO = new Date(NOON + 12 * HOUR_MS);

/** Every part of market-based figures: two contracts that match in part, a factor, and a residual mix of some of the time. */
const CONTRACTS = `contracts:
  - { name: wind, kind: ppa, zone: DE, from: 2020-01-01, to: 2030-01-01, mwh_per_hour: 0.0004, grams_per_kwh: 11 }
  - { name: sun, kind: certificate, zone: FR, from: 2020-01-01, to: 2030-01-01, mwh_per_year: 2, grams_per_kwh: 0 }
residual_mix:
  - { zone: DE, from: 2020-01-01, to: 2025-12-29, grams_per_kwh: 700, source: bench }
`;

/** What a person would type: the energy and the grams of each namespace, each hour with the intensity of its node's zone. */
const STATEMENT = `SELECT namespace, sum(millijoules::float8) / 3.6e9 AS kwh, sum(millijoules::float8 / 3.6e9 * grams) AS grams
  FROM power_hour JOIN power_series ON id = series_id
  JOIN (VALUES ('n1', 'DE'), ('n2', 'FR')) AS placed (node, zone) USING (node)
  JOIN (SELECT zone, "timestamp" AS hour, gCO2_per_kWh::float8 AS grams FROM co2e_emissions) AS priced USING (zone, hour)
  WHERE hour >= $1 AND hour < $2 GROUP BY namespace`;

/** `GET /api/emissions?aggregate=namespace` over PostgreSQL beside the one statement that could answer it, and 90 days beside 7. */
export async function benchSums(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  if (postgresAvailable()) comparisons.push(...(await sumsOn('PostgreSQL', startPostgres)));
  if (timescaledbAvailable()) comparisons.push(...(await sumsOn('TimescaleDB', startTimescaledb)));
  return comparisons;
}

async function sumsOn(name: string, startServer: () => Promise<PostgresServer>): Promise<Comparison[]> {
  await using server = await startServer();
  const dsn = await server.database();
  await fill(dsn);
  using folder = temporaryFolder();
  const file = join(folder.path, 'contracts.yaml');
  writeFileSync(file, CONTRACTS);
  await using api = await start(undefined, undefined, undefined, {}, timescaleRecording(dsn));
  const env = { CONTRACTS_FILE: file };
  await using contracted = await start(undefined, undefined, undefined, env, timescaleRecording(dsn));
  const ours =
    (days: number, of = api) =>
    async () => {
      const { status, body } = await of.get(`/api/emissions?window=${days}d&aggregate=namespace`);
      if (status !== 200 || body.data[0]?.['ns-1']?.coverage === undefined) throw new Error(JSON.stringify(body));
    };
  console.log(`${name}: ${SERIES} series, ${DAYS} days`);
  // Awaited here: the server is there until then.
  return await withConnection(dsn, async (connection) => {
    const statement = async () => {
      await connection.query(STATEMENT, [new Date(TO.getTime() - 7 * 24 * HOUR_MS), TO]);
    };
    return [
      await compare(
        `${name}: namespaces of ${SERIES} series, 7 days / the one statement`,
        { ours: ours(7), floor: statement },
        ROUNDS,
      ),
      await compare(`${name}: ${DAYS} days / 7 days`, { ours: ours(DAYS), floor: ours(7) }, ROUNDS),
      await compare(
        `${name}: 7 days matched with contracts / the one statement`,
        { ours: ours(7, contracted), floor: statement },
        ROUNDS,
      ),
      await compare(
        `${name}: ${DAYS} days / 7 days, matched with contracts`,
        { ours: ours(DAYS, contracted), floor: ours(7, contracted) },
        ROUNDS,
      ),
    ];
  });
}

/** Every series' hours up to noon, written as rows: what the recorder's statement would leave. */
async function fill(dsn: string): Promise<void> {
  await using store = timescaleRecording(dsn, 36_500);
  const hours = Array.from({ length: DAYS * 24 }, (_, back) => NOON - (back + 1) * HOUR_MS);
  await store.history.record(
    ['DE', 'FR'].flatMap((code) =>
      hours.map((hour) => ({
        zone: zone(code),
        hour,
        carbonIntensity: gramsPerKwh(code === 'DE' ? 380 : 45),
        provider: 'bench',
        signal: 'average' as const,
        quality: 'measured' as const,
      })),
    ),
  );
  await withConnection(dsn, async (connection) => {
    await connection.query(
      `INSERT INTO power_series (namespace, pod, container, node)
       SELECT 'ns-' || n % 30, 'pod-' || n, 'app', 'n' || 1 + n % 2 FROM generate_series(1, $1::integer) AS n`,
      [SERIES],
    );
    // Millions of rows into an index of series and hours, hour by hour, take a quarter of an hour.
    await connection.query('ALTER TABLE power_hour DROP CONSTRAINT power_hour_pkey; DROP INDEX power_hour_by_time');
    await connection.query(
      `INSERT INTO power_hour (series_id, hour, millijoules, covered_ms, samples, max_milliwatts, minutes, first_start, last_end)
       SELECT id, hour, 1000000 + id * 7 % 100000, 3600000, 240, 1000, (1::bigint << 60) - 1, hour, hour + INTERVAL '1 hour'
       FROM generate_series($1::timestamptz, $2::timestamptz, '1 hour') AS hour
       CROSS JOIN LATERAL (SELECT id FROM power_series ORDER BY id) AS series`,
      [new Date(NOON - DAYS * 24 * HOUR_MS), new Date(NOON - HOUR_MS)],
    );
    await connection.query(
      'ALTER TABLE power_hour ADD PRIMARY KEY (series_id, hour); CREATE INDEX power_hour_by_time ON power_hour (hour)',
    );
    await connection.query('VACUUM ANALYZE power_hour, power_series, co2e_emissions');
  });
  // Ten days are folded in each call.
  for (let folded = 0; folded < DAYS; folded += 10) await store.history.compact(NOON);
  await withConnection(dsn, (connection) => connection.query('VACUUM ANALYZE power_day, power_group_day'));
}

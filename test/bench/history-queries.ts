import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createApp } from '../../extender/api/app.ts';
import { builtInProfiles } from '../../shared/calculator/service-profiles.ts';
import { listen } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/logger.ts';
import { openSqliteReader } from '../../shared/store/sqlite/store.ts';
import { openSqliteWorkloads } from '../../shared/store/sqlite/workloads.ts';
import { HOUR_MS, isoTime } from '../../shared/units.ts';
import { zone } from '../../shared/zones.ts';
import { HISTORY_START, type History, PER_NODE, recordedHistory } from './history.ts';
import { type Comparison, compare, once } from './measure.ts';

/** Nodes of the full size: 6,000 series. BENCH_NODES and BENCH_HOURS in the environment make it smaller. */
const NODES = Number(process.env.BENCH_NODES ?? 100);
const HOURS = Number(process.env.BENCH_HOURS ?? 24);
const ROUNDS = { rounds: 15, warmUp: 3 };
const ZONES = ['DE', 'FR', 'PL'];

/**
 * Queries of the API over a day of many containers, each beside the least that could answer it from the same file: a
 * scan of the packed bytes without a word of JSON. Half the containers and half the hours beside it give the curve.
 */
export async function benchHistoryQueries(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  using half = await recordedHistory(NODES / 2, HOURS);
  using full = await recordedHistory(NODES, HOURS);
  for (const history of [half, full]) describe(history);
  comparisons.push(await rowsFloor(full));
  await using small = await serve(half);
  await using large = await serve(full);
  const day = { from: HISTORY_START, to: HISTORY_START + HOURS * HOUR_MS };
  const halfDay = { from: HISTORY_START, to: HISTORY_START + (HOURS / 2) * HOUR_MS };
  const scan = () => scanEnergy(full);
  comparisons.push(
    await compare(
      `one container, ${HOURS} h × 3 zones / health`,
      { ours: () => large.co2(day), floor: large.health },
      ROUNDS,
    ),
    await compare(
      'one container: whole / half the hours',
      { ours: () => large.co2(day), floor: () => large.co2(halfDay) },
      ROUNDS,
    ),
    await compare(
      'one container: whole / half the containers',
      { ours: () => large.co2(day), floor: () => small.co2(day) },
      ROUNDS,
    ),
    await compare(
      `namespace by hour, ${full.series} series / scan of the rollup`,
      { ours: () => large.emissions(day), floor: scan },
      ROUNDS,
    ),
    await compare(
      'namespace by hour: whole / half the hours',
      { ours: () => large.emissions(day), floor: () => large.emissions(halfDay) },
      ROUNDS,
    ),
    await compare(
      'namespace by hour: whole / half the containers',
      { ours: () => large.emissions(day), floor: () => small.emissions(day) },
      ROUNDS,
    ),
  );
  comparisons.push(await exports(large, small, full));
  return comparisons;
}

function describe({ series, hours, samples, bytes, foldMs, ingestMs }: History): void {
  console.log(
    `${series} series × ${hours} h: ${(bytes / samples).toFixed(2)} bytes/sample on disk, fold ${foldMs.toFixed(0)} ms an hour, ` +
      `ingest ${((ingestMs / samples) * series).toFixed(1)} ms per tick of all (${(samples / ingestMs / 1000).toFixed(2)} M samples/s)`,
  );
}

/** Ingest of one round of all nodes beside plain rows (ts, series, value) in a table of the same file format. */
async function rowsFloor(history: History): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rows-'));
  const rows = new DatabaseSync(join(folder, 'rows.sqlite'));
  rows.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE s (t INTEGER, id INTEGER, v REAL)');
  const insert = rows.prepare('INSERT INTO s VALUES (?, ?, ?)');
  const { noisyNodes } = await import('./history.ts');
  const nodes = history.series / PER_NODE;
  const samplesOf = noisyNodes(nodes);
  let tick = (HOURS * HOUR_MS) / 15_000;
  const batch = () => {
    tick += 1;
    return Array.from({ length: nodes }, (_, node) => samplesOf(node, tick));
  };
  const comparison = await compare(
    `ingest of ${history.series} series per tick / one row per sample`,
    {
      ours: async () => {
        for (const [node, samples] of batch().entries())
          await history.writer.append({ target: `late ${node}`, samples });
      },
      floor: () => {
        for (const samples of batch()) {
          rows.exec('BEGIN');
          for (const [id, { end, joules }] of samples.entries()) insert.run(end, id, joules);
          rows.exec('COMMIT');
        }
      },
    },
    ROUNDS,
  );
  rows.close();
  rmSync(folder, { recursive: true });
  history.database.run("DELETE FROM tick WHERE target IN (SELECT id FROM target WHERE name LIKE 'late %')");
  return comparison;
}

function scanEnergy({ database }: History): number {
  let sum = 0;
  for (const { v } of database.each<{ v: Uint8Array }>('SELECT v FROM energy')) for (const byte of v) sum += byte;
  return sum;
}

async function serve(history: History) {
  const logger = createLogger('bench', 'silent');
  const store = openSqliteReader(history.folder);
  const end = HISTORY_START + history.hours * HOUR_MS;
  const clock = { now: () => end, monotonic: () => end, sleep: async () => undefined };
  const app = createApp({
    store,
    workloads: openSqliteWorkloads(history.folder),
    profiles: builtInProfiles(),
    clock,
    logger,
    metrics: createApiMetrics(),
    mode: 'local',
    token: undefined,
    zoneOfNode: (node) => zone(ZONES[Number(node.slice(5)) % 3] ?? 'DE'),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  const body = (range: { from: number; to: number }) =>
    JSON.stringify({
      namespace: 'team-3',
      pod: 'pod-1-3',
      container: 'app',
      countries: ZONES,
      start_time: isoTime(range.from),
      end_time: isoTime(range.to),
    });
  return {
    health: async () => (await fetch(`${url}/healthz`)).text(),
    co2: async (range: { from: number; to: number }) =>
      (
        await fetch(`${url}/api/co2-per-container`, {
          method: 'POST',
          body: body(range),
          headers: { 'content-type': 'application/json' },
        })
      ).text(),
    emissions: async ({ from, to }: { from: number; to: number }) =>
      (await fetch(`${url}/api/emissions?aggregate=namespace&step=1h&window=${isoTime(from)},${isoTime(to)}`)).text(),
    /** Reads an export of a namespace, a tenth of everything, without keeping it; gives its rows. */
    export: async () => {
      const response = await fetch(`${url}/api/export-time-series?format=ndjson&namespace=team-3`);
      let rows = 0;
      for await (const piece of response.body ?? [])
        for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) rows += 1;
      return rows;
    },
    async [Symbol.asyncDispose]() {
      server.server.closeAllConnections();
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function exports(
  large: Awaited<ReturnType<typeof serve>>,
  small: Awaited<ReturnType<typeof serve>>,
  { samples }: History,
): Promise<Comparison> {
  let highest = 0;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss);
  }, 100);
  const before = process.memoryUsage().rss;
  const floor = await once(() => small.export());
  const afterHalf = highest;
  let rows = 0;
  const ours = await once(async () => {
    rows = await large.export();
  });
  clearInterval(watch);
  console.log(
    `export of ${rows} of ${samples} samples: ${(rows / (ours.p50 / 1e6) / 1000).toFixed(0)} k rows/s; resident ${(before / 1e6).toFixed(0)} MB before, ` +
      `${(afterHalf / 1e6).toFixed(0)} MB at most during half, ${(highest / 1e6).toFixed(0)} MB at most during all`,
  );
  return { name: 'export: all containers / half of them', ours, floor };
}

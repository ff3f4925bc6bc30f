import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { HISTORY_START, type History, noisyNodes, PER_NODE, recordedHistory } from './history.ts';
import { type Comparison, compare, once } from './measure.ts';
import { type ServedHistory, serveHistory, wholeOf } from './served-history.ts';

/** Nodes of the usual size: 2,400 series. BENCH_NODES and BENCH_HOURS in the environment change it: 100 nodes are 6,000 series. */
const NODES = Number(process.env.BENCH_NODES ?? 40);
const HOURS = Number(process.env.BENCH_HOURS ?? 24);
const TICK_MS = 15_000;
const ROUNDS = { rounds: 25, warmUp: 8 };

/**
 * Queries of the API over a day of many containers, each beside the least that could answer it from the same file: a
 * scan of the packed bytes without a word of JSON. Half the containers and half the hours beside it give the curve.
 */
export async function benchHistoryQueries(): Promise<Comparison[]> {
  using half = await recordedHistory(NODES / 2, HOURS);
  using full = await recordedHistory(NODES, HOURS);
  for (const history of [half, full]) describe(history);
  const ingest = await ingests(half, full);
  await using small = await serveHistory(half);
  await using large = await serveHistory(full);
  return [...ingest, ...(await queries(small, large, full)), await exports(small, large, full)];
}

async function queries(small: ServedHistory, large: ServedHistory, full: History): Promise<Comparison[]> {
  const day = wholeOf(full);
  const halfDay = { from: HISTORY_START, to: HISTORY_START + (HOURS / 2) * HOUR_MS };
  const pairs: [name: string, ours: () => unknown, floor: () => unknown][] = [
    [`one container, ${HOURS} h × 3 zones / health`, () => large.co2(day), large.health],
    ['one container: whole / half the hours', () => large.co2(day), () => large.co2(halfDay)],
    ['one container: whole / half the containers', () => large.co2(day), () => small.co2(day)],
    [
      `namespace by hour, ${full.series} series / scan of the rollup`,
      () => large.emissions(day),
      () => scanEnergy(full),
    ],
    ['namespace by hour: whole / half the hours', () => large.emissions(day), () => large.emissions(halfDay)],
    ['namespace by hour: whole / half the containers', () => large.emissions(day), () => small.emissions(day)],
  ];
  const comparisons: Comparison[] = [];
  for (const [name, ours, floor] of pairs) comparisons.push(await compare(name, { ours, floor }, ROUNDS));
  return comparisons;
}

function describe({ series, hours, samples, bytes, foldMs, ingestMs }: History): void {
  console.log(
    `${series} series × ${hours} h: ${(bytes / samples).toFixed(2)} bytes/sample on disk, fold ${foldMs.toFixed(0)} ms an hour, ` +
      `ingest ${((ingestMs / samples) * series).toFixed(1)} ms per tick of all (${(samples / ingestMs / 1000).toFixed(2)} M samples/s)`,
  );
}

/** Ingest of one round of all nodes beside half of them, and beside plain rows (ts, series, value) in a file of SQLite. */
async function ingests(half: History, full: History): Promise<Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rows-'));
  using rows = new DatabaseSync(join(folder, 'rows.sqlite'));
  rows.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE s (t INTEGER, id INTEGER, v REAL)');
  const insert = rows.prepare('INSERT INTO s VALUES (?, ?, ?)');
  const samplesOf = noisyNodes(NODES);
  let tick = (HOURS * HOUR_MS) / TICK_MS;
  const batch = (nodes: number) => {
    tick += 1;
    return Array.from({ length: nodes }, (_, node) => samplesOf(node, tick));
  };
  const append = async ({ writer, series }: History) => {
    for (const [node, samples] of batch(series / PER_NODE).entries())
      await writer.append({ target: `late ${node}`, samples });
  };
  const plainRows = () => {
    for (const samples of batch(NODES)) {
      rows.exec('BEGIN');
      for (const [id, { end, joules }] of samples.entries()) insert.run(end, id, joules);
      rows.exec('COMMIT');
    }
  };
  const name = `ingest of ${full.series} series per tick`;
  const comparisons = [
    await compare(`${name} / one row per sample`, { ours: () => append(full), floor: plainRows }, ROUNDS),
    await compare(`${name} / of half of them`, { ours: () => append(full), floor: () => append(half) }, ROUNDS),
  ];
  rmSync(folder, { recursive: true });
  for (const { database } of [half, full])
    database.run("DELETE FROM tick WHERE target IN (SELECT id FROM target WHERE name LIKE 'late %')");
  return comparisons;
}

function scanEnergy({ database }: History): number {
  let sum = 0;
  for (const { v } of database.each<{ v: Uint8Array }>('SELECT v FROM energy')) for (const byte of v) sum += byte;
  return sum;
}

/** Exports of everything, with the extender's resident memory over the halves of the larger one. */
async function exports(small: ServedHistory, large: ServedHistory, { samples }: History): Promise<Comparison> {
  let smallBytes = 0;
  const floor = await once(async () => {
    smallBytes = await small.export();
  });
  const before = large.residentMb();
  const peaks = [0, 0];
  let started = performance.now();
  const watch = setInterval(() => {
    const half = performance.now() - started < floor.p50 / 1e3 ? 0 : 1;
    peaks[half] = Math.max(peaks[half] ?? 0, large.residentMb());
  }, 100);
  let bytes = 0;
  started = performance.now();
  const ours = await once(async () => {
    bytes = await large.export();
  });
  clearInterval(watch);
  const seconds = ours.p50 / 1e6;
  console.log(
    `export of all ${samples} samples: ${(samples / seconds / 1_000).toFixed(0)} k rows/s, ${(bytes / seconds / 1e6).toFixed(0)} MB/s ` +
      `(half: ${(smallBytes / floor.p50).toFixed(0)} MB/s); resident ${before.toFixed(0)} MB before, ` +
      `${peaks[0]?.toFixed(0)} MB at most in the first half of the time, ${peaks[1]?.toFixed(0)} MB in the second`,
  );
  return { name: 'export: all containers / half of them', ours, floor };
}

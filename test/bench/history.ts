import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gramsPerKwh, HOUR_MS, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { PowerSample } from '../../shared/records/power.ts';
import { openForWriting, type SqliteDatabase } from '../../shared/store/sqlite/database.ts';
import { STORE_FILE } from '../../shared/store/sqlite/file.ts';
import { sqliteIntensityWriter } from '../../shared/store/sqlite/intensity-table.ts';
import { SqlitePowerWriter } from '../../shared/store/sqlite/power-writer.ts';

/** Start of the benches' recorded time. */
export const HISTORY_START = Date.parse('2026-01-01T00:00:00Z');
/** Containers of each invented node. */
export const PER_NODE = 60;
const TICK_MS = 15_000;

/** A store that was filled for a bench. */
export interface History extends Disposable {
  readonly folder: string;
  readonly database: SqliteDatabase;
  readonly writer: SqlitePowerWriter;
  readonly series: number;
  readonly hours: number;
  readonly samples: number;
  /** Bytes of the file once everything is folded. */
  readonly bytes: number;
  /** Mean milliseconds of folding one hour. */
  readonly foldMs: number;
  /** Milliseconds of all appends together. */
  readonly ingestMs: number;
}

/** Fills a store in a folder of its own with noisy power every 15 s, scrapes arriving a little early or late. */
export async function recordedHistory(nodes: number, hours: number): Promise<History> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'));
  const path = join(folder, STORE_FILE);
  const database = openForWriting(path);
  // What a power cut would lose matters to no bench, and 500,000 waits for the disk would take minutes.
  database.exec('PRAGMA synchronous = OFF');
  const writer = new SqlitePowerWriter(() => database);
  const ticks = (hours * HOUR_MS) / TICK_MS;
  let ingestMs = 0;
  let foldMs = 0;
  const samplesOf = noisyNodes(nodes);
  for (let tick = 0; tick < ticks; tick += 1) {
    for (let node = 0; node < nodes; node += 1) {
      const samples = samplesOf(node, tick);
      const started = performance.now();
      await writer.append({ target: `http://node-${node}:9102/metrics`, samples });
      ingestMs += performance.now() - started;
    }
    if ((tick + 1) % (HOUR_MS / TICK_MS) !== 0) continue;
    const started = performance.now();
    await writer.compact(HISTORY_START + (tick + 1) * TICK_MS + 60_000);
    foldMs += performance.now() - started;
  }
  await writer.compact(HISTORY_START + (hours + 1) * HOUR_MS);
  await recordIntensities(database, hours);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return {
    folder,
    database,
    writer,
    series: nodes * PER_NODE,
    hours,
    samples: nodes * PER_NODE * ticks,
    bytes: usedBytes(database),
    foldMs: foldMs / hours,
    ingestMs,
    [Symbol.dispose]() {
      database[Symbol.dispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Bytes of the pages that hold something: the pages of the last hour's ticks are free for the next hour's. */
function usedBytes(database: SqliteDatabase): number {
  const pages = (name: string) => Number(Object.values(database.get<object>(`PRAGMA ${name}`) ?? {})[0]);
  return (pages('page_count') - pages('freelist_count')) * pages('page_size');
}

/** Samples of a node's tick: powers from 2 to 17 W with 5 % of noise, and ends that are some milliseconds off. */
export function noisyNodes(nodes: number): (node: number, tick: number) => PowerSample[] {
  let state = 42;
  const noise = () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
  const ends = new Map<number, number>();
  const containers = Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: PER_NODE }, (_, index) => ({
      namespace: `team-${index % 10}`,
      pod: `pod-${node}-${index}`,
      container: 'app',
      node: `node-${node}`,
    })),
  );
  return (node, tick) => {
    const start = ends.get(node) ?? HISTORY_START;
    const end = HISTORY_START + (tick + 1) * TICK_MS + Math.round(noise() * 40);
    ends.set(node, end);
    return (containers[node] ?? []).map((container, index) => ({
      container,
      start,
      end,
      joules: joules(15 * (2 + index / 4) * (1 + noise() / 10)),
    }));
  };
}

async function recordIntensities(database: SqliteDatabase, hours: number): Promise<void> {
  const writer = sqliteIntensityWriter(() => database);
  for (const code of ['DE', 'FR', 'PL'])
    await writer.record(
      Array.from({ length: hours }, (_, hour) => ({
        zone: zone(code),
        hour: HISTORY_START + hour * HOUR_MS,
        carbonIntensity: gramsPerKwh(100 + ((hour * 37) % 300)),
        provider: 'bench',
        signal: 'average' as const,
        quality: 'measured' as const,
      })),
    );
}

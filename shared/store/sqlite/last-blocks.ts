import { hourOf } from '../../grid/units.ts';
import { blockOf } from '../blocks.ts';
import { decodeChunk } from './chunk-codec.ts';
import type { SqliteDatabase } from './database.ts';
import type { Measured, SqliteSeries } from './samples.ts';
import { decodeTick } from './tick-codec.ts';
import { ticksWhere } from './ticks.ts';
import { Timelines } from './timelines.ts';

/** Collects a series' samples from the newest on, until its wanted number of minutes is full. */
class Collector {
  readonly samples: Measured[] = [];
  readonly #blocks = new Set<number>();
  readonly #wanted: number;
  full = false;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  take(sample: Measured): void {
    const block = blockOf(sample.end);
    if (!this.#blocks.has(block) && this.#blocks.size === this.#wanted) {
      this.full = true;
      return;
    }
    this.#blocks.add(block);
    this.samples.push(sample);
  }
}

/** Samples of each series' newest minutes that have any, oldest first. */
export function lastBlocks(
  database: SqliteDatabase,
  series: readonly SqliteSeries[],
  blocks: number,
): Map<number, Measured[]> {
  const collectors = new Map(series.map(({ id }) => [id, new Collector(blocks)]));
  takeTicks(database, collectors);
  const open = series.filter(({ id }) => !collectors.get(id)?.full);
  if (open.length > 0) takeChunks(database, open, collectors);
  const found = new Map<number, Measured[]>();
  for (const [id, { samples }] of collectors)
    found.set(
      id,
      samples.sort((a, b) => a.end - b.end),
    );
  return found;
}

function takeTicks(database: SqliteDatabase, collectors: ReadonlyMap<number, Collector>): void {
  let open = collectors.size;
  for (const { t, v } of ticksWhere(database, 'TRUE ORDER BY t DESC')) {
    if (open === 0) return;
    decodeTick(t, v, (id, start, end, millijoules) => {
      const collector = collectors.get(id);
      if (collector === undefined || collector.full) return;
      collector.take({ start, end, millijoules });
      if (collector.full) open -= 1;
    });
  }
}

function takeChunks(
  database: SqliteDatabase,
  series: readonly SqliteSeries[],
  collectors: ReadonlyMap<number, Collector>,
): void {
  let open = [...series];
  const timelines = new Timelines(database);
  for (const { hour } of database.all<{ hour: number }>('SELECT hour FROM hour ORDER BY hour DESC')) {
    open = open.filter(({ id, first }) => !collectors.get(id)?.full && hourOf(first) <= hour);
    if (open.length === 0) return;
    for (const { id } of open) {
      const samples: Measured[] = [];
      for (const { timeline, v } of timelines.chunksOf(hour, id))
        decodeChunk(v, timeline, (start, end, millijoules) => samples.push({ start, end, millijoules }));
      samples.sort((a, b) => b.end - a.end);
      for (const sample of samples) collectors.get(id)?.take(sample);
    }
  }
}

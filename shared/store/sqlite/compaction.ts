import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import { BlockCount } from './block-count.ts';
import { type CheckedBlob, checksum, isIntact } from './checksum.ts';
import { type Chunk, decodeChunk, encodeChunk, encodeTimeline, type Timeline } from './chunk-codec.ts';
import type { SqliteDatabase } from './database.ts';
import { FoldedTarget } from './folded-target.ts';
import { HourEnergy } from './hour-energy.ts';
import { decodeTick } from './tick-codec.ts';
import { type StoredTick, ticksWhere } from './ticks.ts';
import { readTimeline } from './timelines.ts';

const INSERT_CHUNK = 'INSERT OR REPLACE INTO chunk (hour, series, target, v, crc) VALUES (?, ?, ?, ?, ?)';

/** A target's samples of an hour, in order of time. */
interface Folded {
  readonly timeline: Timeline;
  readonly chunks: readonly { readonly series: number; readonly chunk: Chunk }[];
}

/**
 * Folds the ticks of an hour into timelines, chunks and the rollup, and deletes them. Runs within one transaction, so
 * a crash leaves the ticks as they were. Ticks that come late are merged into an hour that was folded before.
 */
export function foldHour(database: SqliteDatabase, hour: EpochMs): void {
  const known = database.get('SELECT 1 FROM hour WHERE hour = ?', hour) !== undefined;
  const before = new BlockCount();
  const after = new BlockCount();
  const energy = new HourEnergy();
  const lasts: [series: number, last: EpochMs][] = [];
  let first = hour + HOUR_MS;
  for (const [target, ticks] of ticksByTarget(database, hour)) {
    const folded = new FoldedTarget();
    if (known) readFolded(database, hour, target, folded, before);
    for (const { t, v } of ticks)
      decodeTick(t, v, (series, start, end, millijoules) => {
        folded.push(series, start, end, millijoules);
        energy.sample(series, start, end, millijoules);
      });
    const { timeline, chunks } = folded.finish();
    writeTarget(database, hour, target, { timeline, chunks }, lasts);
    for (const { series, chunk } of chunks) after.add(series, chunk.positions, timeline);
    for (const start of timeline.starts) first = Math.min(first, start);
  }
  energy.write(database);
  database.run(
    `UPDATE series SET last = max(last, ended) FROM (
       SELECT CAST(value ->> 0 AS INTEGER) AS number, CAST(value ->> 1 AS INTEGER) AS ended FROM json_each(?)
     ) WHERE series.id = number`,
    JSON.stringify(lasts),
  );
  database.run(
    `INSERT INTO hour (hour, first, blocks) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET first = min(first, excluded.first), blocks = blocks + excluded.blocks`,
    hour,
    first,
    after.blocks - before.blocks,
  );
  database.run('DELETE FROM tick WHERE t > ? AND t <= ?', hour, hour + HOUR_MS);
}

function ticksByTarget(database: SqliteDatabase, hour: EpochMs): Map<number, StoredTick[]> {
  const ticks = ticksWhere(database, 't > ? AND t <= ? ORDER BY target, t', hour, hour + HOUR_MS);
  return Map.groupBy(ticks, ({ target }) => target);
}

/** Takes in what an earlier fold of the hour wrote for a target, and counts its blocks. */
function readFolded(
  database: SqliteDatabase,
  hour: EpochMs,
  target: number,
  folded: FoldedTarget,
  blocks: BlockCount,
): void {
  const timeline = readTimeline(database, hour, target);
  if (timeline === undefined) return;
  const chunks = database.all<CheckedBlob & { series: number }>(
    'SELECT series, v, crc FROM chunk WHERE hour = ? AND target = ?',
    hour,
    target,
  );
  for (const { series, v, crc } of chunks) {
    if (!isIntact(database, { v, crc }, hour, series, target)) continue;
    const positions: number[] = [];
    decodeChunk(v, timeline, (start, end, energy, position) => {
      folded.push(series, start, end, energy);
      positions.push(position);
    });
    blocks.add(series, positions, timeline);
  }
}

function writeTarget(
  database: SqliteDatabase,
  hour: EpochMs,
  target: number,
  { timeline, chunks }: Folded,
  lasts: [series: number, last: EpochMs][],
): void {
  const packed = encodeTimeline(hour, timeline);
  database.run(
    'INSERT OR REPLACE INTO timeline (hour, target, v, crc) VALUES (?, ?, ?, ?)',
    hour,
    target,
    packed,
    checksum(packed, hour, target),
  );
  for (const { series, chunk } of chunks) {
    const v = encodeChunk(chunk);
    database.run(INSERT_CHUNK, hour, series, target, v, checksum(v, hour, series, target));
    lasts.push([series, timeline.ends[chunk.positions.at(-1) ?? 0] ?? 0]);
  }
}

import type { EpochMs } from '../../grid/units.ts';
import { type CheckedBlob, isIntact } from './checksum.ts';
import { decodeTimeline, type Timeline } from './chunk-codec.ts';
import type { SqliteDatabase } from './database.ts';

/** Timelines kept at a time: at 15 s a scrape, some 16 MB. */
const KEPT = 4_000;

/** A chunk as it is stored, with its target's timeline. */
export interface PackedChunk {
  readonly timeline: Timeline;
  readonly v: Uint8Array;
}

/** Looks up chunks with the timelines that they refer to, keeping those that were used before. */
export class Timelines {
  readonly #database: SqliteDatabase;
  readonly #kept = new Map<string, Timeline | undefined>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** A series' chunks of an hour, one per target that reported it; without those that are damaged. */
  chunksOf(hour: EpochMs, series: number): PackedChunk[] {
    const rows = this.#database.all<CheckedBlob & { target: number }>(
      'SELECT target, v, crc FROM chunk WHERE hour = ? AND series = ?',
      hour,
      series,
    );
    return rows.flatMap(({ target, ...blob }) => {
      const timeline = isIntact(this.#database, blob, hour, series, target) ? this.#of(hour, target) : undefined;
      return timeline === undefined ? [] : [{ timeline, v: blob.v }];
    });
  }

  /** A target's timeline; undefined where it is damaged or gone, which takes its chunks with it. */
  #of(hour: EpochMs, target: number): Timeline | undefined {
    const key = `${hour} ${target}`;
    if (this.#kept.has(key)) return this.#kept.get(key);
    const timeline = readTimeline(this.#database, hour, target);
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(key, timeline);
    return timeline;
  }
}

/** A target's timeline of an hour; undefined where there is none, or it is damaged. */
export function readTimeline(database: SqliteDatabase, hour: EpochMs, target: number): Timeline | undefined {
  const sql = 'SELECT v, crc FROM timeline WHERE hour = ? AND target = ?';
  const row = database.get<CheckedBlob>(sql, hour, target);
  return row !== undefined && isIntact(database, row, hour, target) ? decodeTimeline(hour, row.v) : undefined;
}

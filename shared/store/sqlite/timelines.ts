import type { EpochMs } from '../../grid/units.ts';
import { decodeTimeline, type Timeline } from './chunk-codec.ts';
import type { SqliteDatabase } from './database.ts';

/** Timelines kept at a time: at 15 s a scrape, some 16 MB. */
const KEPT = 4_000;

/** Looks up chunks and the timelines that they refer to, keeping those that were used before. */
export class Timelines {
  readonly #database: SqliteDatabase;
  readonly #kept = new Map<string, Timeline>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** A series' chunks of an hour, one per target that reported it. */
  chunksOf(hour: EpochMs, series: number): { target: number; v: Uint8Array }[] {
    return this.#database.all('SELECT target, v FROM chunk WHERE hour = ? AND series = ?', hour, series);
  }

  /** A target's timeline; every chunk has one, since both are written together. */
  of(hour: EpochMs, target: number): Timeline {
    const key = `${hour} ${target}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const sql = 'SELECT v FROM timeline WHERE hour = ? AND target = ?';
    const row = this.#database.get<{ v: Uint8Array }>(sql, hour, target);
    if (row === undefined) throw new Error(`the store has a chunk of target ${target} without its timeline`);
    const timeline = decodeTimeline(hour, row.v);
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(key, timeline);
    return timeline;
  }
}

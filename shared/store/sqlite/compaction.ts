import { type EpochMs, HOUR_MS } from '../../units.ts';
import { blockOf, splitByHour } from '../blocks.ts';
import { decodeChunk, decodeTimeline, encodeChunk, encodeTimeline } from './chunk-codec.ts';
import type { Database } from './database.ts';
import { FoldedTarget, type SeriesSamples } from './folded-target.ts';
import { decodeTick } from './tick-codec.ts';

/**
 * Folds the ticks of an hour into timelines, chunks and the rollup, and deletes them. Runs within one transaction, so
 * a crash leaves the ticks as they were. Ticks that come late are merged into an hour that was folded before.
 */
export function foldHour(database: Database, hour: EpochMs): void {
  const ticks = database.all<{ t: number; target: number; v: Uint8Array }>(
    'SELECT t, target, v FROM tick WHERE t > ? AND t <= ? ORDER BY t',
    hour,
    hour + HOUR_MS,
  );
  const targets = new Map<number, FoldedTarget>();
  for (const { target } of ticks) if (!targets.has(target)) targets.set(target, readFolded(database, hour, target));
  const blocksBefore = countBlocks(targets.values());
  const rollup = new Rollup();
  for (const { t, target, v } of ticks) {
    const folded = targets.get(target);
    decodeTick(t, v, (series, start, end, millijoules) => {
      folded?.push(series, start, end, millijoules);
      rollup.add(series, start, end, millijoules);
    });
  }
  rollup.write(database);
  let first = hour + HOUR_MS;
  for (const [target, folded] of targets) first = Math.min(first, writeTarget(database, hour, target, folded));
  database.run(
    `INSERT INTO hour (hour, first, blocks) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET first = min(first, excluded.first), blocks = blocks + excluded.blocks`,
    hour,
    first,
    countBlocks(targets.values()) - blocksBefore,
  );
  database.run('DELETE FROM tick WHERE t > ? AND t <= ?', hour, hour + HOUR_MS);
}

/** What an earlier fold of the hour wrote for a target; empty but for late ticks. */
function readFolded(database: Database, hour: EpochMs, target: number): FoldedTarget {
  const folded = new FoldedTarget();
  const row = database.get<{ v: Uint8Array }>('SELECT v FROM timeline WHERE hour = ? AND target = ?', hour, target);
  if (row === undefined) return folded;
  const timeline = decodeTimeline(hour, row.v);
  const chunks = database.all<{ series: number; v: Uint8Array }>(
    'SELECT series, v FROM chunk WHERE hour = ? AND target = ?',
    hour,
    target,
  );
  for (const { series, v } of chunks)
    decodeChunk(v, timeline, (start, end, energy) => folded.push(series, start, end, energy));
  return folded;
}

/** Writes a target's timeline and chunks; returns the start of its oldest sample. */
function writeTarget(database: Database, hour: EpochMs, target: number, folded: FoldedTarget): EpochMs {
  const { timeline, chunks } = folded.finish();
  database.run('INSERT OR REPLACE INTO timeline VALUES (?, ?, ?)', hour, target, encodeTimeline(hour, timeline));
  for (const { series, chunk } of chunks) {
    database.run('INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?)', hour, series, target, encodeChunk(chunk));
    const last = timeline.ends[chunk.positions.at(-1) ?? 0] ?? 0;
    database.run('UPDATE series SET last = max(last, ?) WHERE id = ?', last, series);
  }
  return Math.min(...timeline.starts);
}

interface RollupRow {
  millijoules: number;
  coveredMs: number;
  maxMilliwatts: number;
}

/** Adds up energy by hour and series. */
class Rollup {
  readonly #hours = new Map<EpochMs, Map<number, RollupRow>>();

  add(series: number, start: EpochMs, end: EpochMs, millijoules: number): void {
    splitByHour(start, end, millijoules, (hour, share, ms) => {
      let ofHour = this.#hours.get(hour);
      if (ofHour === undefined) {
        ofHour = new Map();
        this.#hours.set(hour, ofHour);
      }
      const power = Math.round((share * 1000) / ms);
      const row = ofHour.get(series);
      if (row === undefined) ofHour.set(series, { millijoules: share, coveredMs: ms, maxMilliwatts: power });
      else {
        row.millijoules += share;
        row.coveredMs += ms;
        row.maxMilliwatts = Math.max(row.maxMilliwatts, power);
      }
    });
  }

  write(database: Database): void {
    for (const [hour, ofHour] of this.#hours) {
      for (const [series, { millijoules, coveredMs, maxMilliwatts }] of ofHour)
        database.run(
          `INSERT INTO rollup VALUES (?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET millijoules = millijoules + excluded.millijoules,
             covered_ms = covered_ms + excluded.covered_ms,
             max_milliwatts = max(max_milliwatts, excluded.max_milliwatts)`,
          hour,
          series,
          millijoules,
          coveredMs,
          maxMilliwatts,
        );
    }
  }
}

function countBlocks(targets: Iterable<FoldedTarget>): number {
  const minutes = new Map<number, Set<number>>();
  for (const { series, ends } of targets) {
    for (const [id, { intervals }] of series as ReadonlyMap<number, SeriesSamples>) {
      const seen = minutes.get(id) ?? new Set();
      for (const interval of intervals) seen.add(blockOf(ends[interval] as number));
      minutes.set(id, seen);
    }
  }
  let count = 0;
  for (const seen of minutes.values()) count += seen.size;
  return count;
}

import type { EpochMs } from '../../units.ts';
import { HOUR_MS } from '../../units.ts';
import { blockOf, splitByHour } from './blocks.ts';
import { decodeChunk, decodeTimeline, encodeChunk, encodeTimeline, type Timeline } from './chunk-codec.ts';
import type { Database } from './database.ts';
import { decodeTick } from './tick-codec.ts';

/** Samples of one series and target within an hour; the lists have the same length. */
interface Samples {
  readonly starts: number[];
  readonly ends: number[];
  readonly millijoules: number[];
}

type ByTarget = Map<number, Map<number, Samples>>;

/**
 * Folds the ticks of an hour into timelines, chunks and the rollup, and deletes them. Runs within one transaction, so
 * a crash leaves the ticks as they were. Ticks that come late are merged into an hour that was folded before.
 */
export function foldHour(database: Database, hour: EpochMs): void {
  const fresh: ByTarget = new Map();
  const ticks = database.all<{ t: number; target: number; v: Uint8Array }>(
    'SELECT t, target, v FROM tick WHERE t > ? AND t <= ? ORDER BY t',
    hour,
    hour + HOUR_MS,
  );
  for (const { t, target, v } of ticks)
    decodeTick(t, v, (series, start, end, energy) => push(fresh, target, series, start, end, energy));
  addToRollup(database, fresh);
  const before = countBlocks(readFolded(database, hour, fresh));
  const merged = readFolded(database, hour, fresh);
  for (const [target, bySeries] of fresh)
    for (const [series, { starts, ends, millijoules }] of bySeries)
      for (const [index, energy] of millijoules.entries())
        push(merged, target, series, starts[index] as number, ends[index] as number, energy);
  let first = hour + HOUR_MS;
  for (const [target, bySeries] of merged) first = Math.min(first, writeTarget(database, hour, target, bySeries));
  database.run(
    `INSERT INTO hour (hour, first, blocks) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET first = min(first, excluded.first), blocks = blocks + excluded.blocks`,
    hour,
    first,
    countBlocks(merged) - before,
  );
  database.run('DELETE FROM tick WHERE t > ? AND t <= ?', hour, hour + HOUR_MS);
}

/** Chunks that an earlier fold of the hour wrote for the same targets; empty but for late ticks. */
function readFolded(database: Database, hour: EpochMs, targets: ByTarget): ByTarget {
  const folded: ByTarget = new Map();
  for (const target of targets.keys()) {
    const row = database.get<{ v: Uint8Array }>('SELECT v FROM timeline WHERE hour = ? AND target = ?', hour, target);
    if (row === undefined) continue;
    const timeline = decodeTimeline(hour, row.v);
    const chunks = database.all<{ series: number; v: Uint8Array }>(
      'SELECT series, v FROM chunk WHERE hour = ? AND target = ?',
      hour,
      target,
    );
    for (const { series, v } of chunks)
      decodeChunk(v, timeline, (start, end, energy) => push(folded, target, series, start, end, energy));
  }
  return folded;
}

/** Writes a target's timeline and chunks; returns the start of its oldest sample. */
function writeTarget(database: Database, hour: EpochMs, target: number, bySeries: Map<number, Samples>): EpochMs {
  const { timeline, positionOf } = timelineOf(bySeries.values());
  database.run('INSERT OR REPLACE INTO timeline VALUES (?, ?, ?)', hour, target, encodeTimeline(hour, timeline));
  for (const [series, { starts, ends, millijoules }] of bySeries) {
    const order = ends
      .map((end, index) => ({
        position: positionOf(starts[index] as number, end),
        energy: millijoules[index] as number,
      }))
      .sort((a, b) => a.position - b.position);
    const chunk = { positions: order.map((at) => at.position), millijoules: order.map((at) => at.energy) };
    database.run('INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?)', hour, series, target, encodeChunk(chunk));
    database.run(
      'UPDATE series SET last = max(last, ?) WHERE id = ?',
      timeline.ends[order.at(-1)?.position ?? 0] ?? 0,
      series,
    );
  }
  return Math.min(...timeline.starts);
}

function timelineOf(all: Iterable<Samples>) {
  const byKey = new Map<number, Map<number, number>>();
  const pairs: { start: number; end: number }[] = [];
  for (const { starts, ends } of all) {
    for (const [index, end] of ends.entries()) {
      const start = starts[index] as number;
      const ofEnd = entry(byKey, end, () => new Map<number, number>());
      if (ofEnd.has(start)) continue;
      ofEnd.set(start, 0);
      pairs.push({ start, end });
    }
  }
  pairs.sort((a, b) => a.end - b.end || a.start - b.start);
  for (const [position, { start, end }] of pairs.entries()) byKey.get(end)?.set(start, position);
  const timeline: Timeline = { starts: pairs.map((pair) => pair.start), ends: pairs.map((pair) => pair.end) };
  return { timeline, positionOf: (start: number, end: number) => byKey.get(end)?.get(start) ?? 0 };
}

function addToRollup(database: Database, fresh: ByTarget): void {
  const sums = new Map<string, { hour: number; series: number; millijoules: number; coveredMs: number; max: number }>();
  for (const bySeries of fresh.values()) {
    for (const [series, { starts, ends, millijoules }] of bySeries) {
      for (const [index, energy] of millijoules.entries()) {
        splitByHour(starts[index] as number, ends[index] as number, energy, (hour, share, ms) => {
          const key = `${hour} ${series}`;
          const sum = entry(sums, key, () => ({ hour, series, millijoules: 0, coveredMs: 0, max: 0 }));
          sum.millijoules += share;
          sum.coveredMs += ms;
          sum.max = Math.max(sum.max, Math.round((share * 1000) / ms));
        });
      }
    }
  }
  for (const { hour, series, millijoules, coveredMs, max } of sums.values())
    database.run(
      `INSERT INTO rollup VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET millijoules = millijoules + excluded.millijoules,
       covered_ms = covered_ms + excluded.covered_ms, max_milliwatts = max(max_milliwatts, excluded.max_milliwatts)`,
      hour,
      series,
      millijoules,
      coveredMs,
      max,
    );
}

function push(into: ByTarget, target: number, series: number, start: number, end: number, energy: number): void {
  const bySeries = entry(into, target, () => new Map<number, Samples>());
  const samples = entry(bySeries, series, () => ({ starts: [], ends: [], millijoules: [] }));
  samples.starts.push(start);
  samples.ends.push(end);
  samples.millijoules.push(energy);
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function countBlocks(all: ByTarget): number {
  const minutes = new Map<number, Set<number>>();
  for (const bySeries of all.values()) {
    for (const [series, { ends }] of bySeries) {
      const seen = entry(minutes, series, () => new Set<number>());
      for (const end of ends) seen.add(blockOf(end));
    }
  }
  let count = 0;
  for (const seen of minutes.values()) count += seen.size;
  return count;
}

import { type EpochMs, HOUR_MS, hourOf } from '../../grid/units.ts';
import type { TimeRange } from '../../records/power.ts';
import { decodeChunk } from './chunk-codec.ts';
import type { SqliteDatabase } from './database.ts';
import { hoursWithin } from './samples.ts';
import { decodeTick, type StoredSample } from './tick-codec.ts';
import { ticksWhere } from './ticks.ts';
import { Timelines } from './timelines.ts';

interface Interval {
  readonly start: EpochMs;
  readonly end: EpochMs;
}

type Intervals = Interval[];

/**
 * Samples of a new tick without those whose container has that time already, in ticks or folded hours. Within the tick,
 * the same interval twice means two real containers of one name: both stay; of others that overlap the first stays.
 * Runs in the transaction that adds the tick, so that of two writers at once the second sees the first. Without a range
 * nothing that is stored is looked at.
 */
export function withoutOverlaps(
  database: SqliteDatabase,
  samples: readonly StoredSample[],
  range: TimeRange | undefined,
): StoredSample[] {
  const taken = range && storedIntervals(database, samples, range);
  const accepted = new Map<number, Intervals>();
  return samples.filter((sample) => {
    const own = accepted.get(sample.series);
    if (taken?.get(sample.series)?.some((other) => overlap(other, sample))) return false;
    if (own?.some((other) => overlap(other, sample) && !isSame(other, sample))) return false;
    if (own === undefined) accepted.set(sample.series, [sample]);
    else own.push(sample);
    return true;
  });
}

function storedIntervals(database: SqliteDatabase, samples: readonly StoredSample[], range: TimeRange) {
  const taken = new Map<number, Intervals>(samples.map(({ series }) => [series, []]));
  for (const { t, v } of ticksWhere(database, 't > ? AND first < ?', range.from, range.to))
    decodeTick(t, v, (series, start, end) => taken.get(series)?.push({ start, end }));
  addFolded(database, taken, range);
  return taken;
}

/** A tick is rarely late enough for its hour to be folded. */
function addFolded(database: SqliteDatabase, taken: ReadonlyMap<number, Intervals>, range: TimeRange): void {
  // A tick belongs to the hour of its end, so samples of this range may be in the hour after it, too.
  const hours = hoursWithin(database, { from: hourOf(range.from), to: range.to }).filter(
    (hour) => hour <= range.to + HOUR_MS,
  );
  if (hours.length === 0) return;
  const timelines = new Timelines(database);
  for (const hour of hours)
    for (const [series, intervals] of taken)
      for (const { timeline, v } of timelines.chunksOf(hour, series))
        decodeChunk(v, timeline, (start, end) => intervals.push({ start, end }));
}

function overlap(a: Interval, b: Interval): boolean {
  return a.start < b.end && b.start < a.end;
}

function isSame(a: Interval, b: Interval): boolean {
  return a.start === b.start && a.end === b.end;
}

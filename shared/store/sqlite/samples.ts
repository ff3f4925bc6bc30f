import type { EpochMs } from '../../units.ts';
import { hourOf } from '../../units.ts';
import type { ContainerFilter, TimeRange } from '../ports.ts';
import { decodeChunk, decodeTimeline, type Timeline } from './chunk-codec.ts';
import type { Database } from './database.ts';
import { decodeTick } from './tick-codec.ts';

/** A row of the table of series. */
export interface Series {
  readonly id: number;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  readonly first: EpochMs;
  readonly last: EpochMs;
}

/** A sample of a series that is known. */
export interface Measured {
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly millijoules: number;
}

/** Series that a filter matches, in the order of their names. */
export function seriesMatching(database: Database, filter: ContainerFilter): Series[] {
  const given = (['namespace', 'pod', 'container', 'node'] as const).filter((field) => filter[field] !== undefined);
  const where = given.length > 0 ? `WHERE ${given.map((field) => `${field} = ?`).join(' AND ')}` : '';
  return database.all<Series>(
    `SELECT id, namespace, pod, container, node, first, last FROM series ${where}
     ORDER BY namespace, pod, container, node`,
    ...given.map((field) => filter[field] as string),
  );
}

/** Samples of some series that overlap a range, oldest first, from chunks and ticks together. */
export function samplesOf(database: Database, series: readonly Series[], range: TimeRange): Map<number, Measured[]> {
  const found = new Map<number, Measured[]>(series.map(({ id }) => [id, []]));
  const take = (id: number, start: EpochMs, end: EpochMs, millijoules: number) => {
    if (end > range.from && start < range.to) found.get(id)?.push({ start, end, millijoules });
  };
  const hours = database.all<{ hour: number }>(
    'SELECT hour FROM hour WHERE hour >= ? AND first < ? ORDER BY hour',
    hourOf(range.from),
    range.to,
  );
  for (const { hour } of hours) {
    const timelines = timelinesOf(database, hour);
    for (const { id, first } of series) {
      if (first >= range.to) continue;
      for (const { target, v } of chunksOf(database, hour, id))
        decodeChunk(v, timelineIn(timelines, target), (start, end, energy) => take(id, start, end, energy));
    }
  }
  const ticks = database.each<{ t: number; v: Uint8Array }>(
    'SELECT t, v FROM tick WHERE t > ? AND first < ? ORDER BY t',
    range.from,
    range.to,
  );
  for (const { t, v } of ticks) decodeTick(t, v, take);
  for (const samples of found.values()) samples.sort((a, b) => a.end - b.end || a.start - b.start);
  return found;
}

/** The timelines of an hour by target. */
export function timelinesOf(database: Database, hour: EpochMs): Map<number, Timeline> {
  const rows = database.all<{ target: number; v: Uint8Array }>('SELECT target, v FROM timeline WHERE hour = ?', hour);
  return new Map(rows.map(({ target, v }) => [target, decodeTimeline(hour, v)]));
}

/** A series' chunks of an hour, one per target that reported it. */
export function chunksOf(database: Database, hour: EpochMs, series: number): { target: number; v: Uint8Array }[] {
  return database.all('SELECT target, v FROM chunk WHERE hour = ? AND series = ?', hour, series);
}

/** A target's timeline; every chunk has one, since both are written together. */
export function timelineIn(timelines: ReadonlyMap<number, Timeline>, target: number): Timeline {
  const timeline = timelines.get(target);
  if (timeline === undefined) throw new Error(`the store has a chunk of target ${target} without its timeline`);
  return timeline;
}

import type { EpochMs } from '../../grid/units.ts';
import { HOUR_MS, hourOf, joules } from '../../grid/units.ts';

import type { Container, ContainerFilter, PowerSample, TimeRange } from '../../records/power.ts';
import type { ContainerNames, PowerFacts } from '../../records/power-facts.ts';
import { decodeChunk } from './chunk-codec.ts';

import type { SqliteDatabase } from './database.ts';
import { decodeTick } from './tick-codec.ts';
import { ticksWhere } from './ticks.ts';
import type { PackedChunk, Timelines } from './timelines.ts';

/** A row of the table of series. */
export interface SqliteSeries extends ContainerNames, PowerFacts {
  readonly id: number;
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
export function seriesMatching(database: SqliteDatabase, filter: ContainerFilter): SqliteSeries[] {
  const given = (['namespace', 'pod', 'container', 'node'] as const).filter((field) => filter[field] !== undefined);
  const where = given.length > 0 ? `WHERE ${given.map((field) => `${field} = ?`).join(' AND ')}` : '';
  return database.all<SqliteSeries>(
    `SELECT id, namespace, pod, container, node, device, first, last, power_quality, power_model FROM series ${where}
     ORDER BY namespace, pod, container, node, device`,
    ...given.map((field) => filter[field] as string),
  );
}

/** Folded hours that may hold samples of a range. */
export function hoursWithin(database: SqliteDatabase, range: TimeRange): EpochMs[] {
  const sql = 'SELECT hour FROM hour WHERE hour >= ? AND first < ? ORDER BY hour';
  return database.all<{ hour: number }>(sql, hourOf(range.from), range.to).map(({ hour }) => hour);
}

/** Samples of some series that wait in ticks and overlap a range, by series. */
export function waitingSamples(
  database: SqliteDatabase,
  series: ReadonlySet<number>,
  range: TimeRange,
): Map<number, Measured[]> {
  const found = new Map<number, Measured[]>();
  for (const { t, v } of ticksWhere(database, 't > ? AND first < ? ORDER BY t', range.from, range.to))
    decodeTick(t, v, (id, start, end, millijoules) => {
      if (!series.has(id) || end <= range.from || start >= range.to) return;
      const samples = found.get(id);
      if (samples === undefined) found.set(id, [{ start, end, millijoules }]);
      else samples.push({ start, end, millijoules });
    });
  return found;
}

/** Bytes of ticks whose samples are in memory at a time, of two to six bytes each. */
const TICK_BYTES = 500_000;
/** Samples of ticks that are in memory at a time, at some hundred bytes each. */
const WAITING_AT_A_TIME = 150_000;

/**
 * The series in their order, in groups whose waiting samples fit into memory together: in a large cluster those of the
 * current hour are millions, which several exports would hold at once.
 */
export function groupsOfWaiting(
  database: SqliteDatabase,
  series: readonly SqliteSeries[],
  { from, to }: TimeRange,
): (readonly SqliteSeries[])[] {
  const sql = 'SELECT total(length(v)) AS bytes FROM tick WHERE t > ? AND first < ?';
  if ((database.get<{ bytes: number }>(sql, from, to)?.bytes ?? 0) <= TICK_BYTES) return [series];
  const counts = new Map<number, number>();
  for (const { t, v } of ticksWhere(database, 't > ? AND first < ?', from, to))
    decodeTick(t, v, (id) => counts.set(id, (counts.get(id) ?? 0) + 1));
  const groups: SqliteSeries[][] = [[]];
  let room = WAITING_AT_A_TIME;
  for (const one of series) {
    const count = counts.get(one.id) ?? 0;
    if (count > room && room < WAITING_AT_A_TIME) {
      groups.push([]);
      room = WAITING_AT_A_TIME;
    }
    groups.at(-1)?.push(one);
    room -= count;
  }
  return groups;
}

/** Folded chunks of one series that may hold samples of a range, by hour. */
export function packedChunks(
  timelines: Timelines,
  { id, first }: SqliteSeries,
  hours: readonly EpochMs[],
  range: TimeRange,
): PackedChunk[] {
  if (first >= range.to) return [];
  const found: PackedChunk[] = [];
  for (const hour of hours) {
    if (hour + HOUR_MS <= first) continue;
    found.push(...timelines.chunksOf(hour, id));
  }
  return found;
}

/** Samples of a container's chunks that overlap a range. */
export function unpacked(container: Container, chunks: readonly PackedChunk[], range: TimeRange): PowerSample[] {
  const found: PowerSample[] = [];
  for (const { timeline, v } of chunks)
    decodeChunk(v, timeline, (start, end, millijoules) => {
      if (end > range.from && start < range.to)
        found.push({ container, start, end, joules: joules(millijoules / 1000) });
    });
  return found;
}

/** Folded and waiting samples in order of time. A sample that was folded between the two looks stands in both: once. */
export function merged(folded: PowerSample[], waiting: readonly PowerSample[] | undefined): PowerSample[] {
  const known = new Set<string>();
  if (waiting !== undefined) {
    const since = waiting.reduce((least, { end }) => Math.min(least, end), Infinity);
    for (const { start, end } of folded) if (end >= since) known.add(`${start} ${end}`);
    for (const sample of waiting) if (!known.has(`${sample.start} ${sample.end}`)) folded.push(sample);
  }
  return folded.sort((a, b) => a.end - b.end || a.start - b.start);
}

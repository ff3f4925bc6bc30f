import { type EpochMs, HOUR_MS, hourOf } from '../../grid/units.ts';
import type { ContainerFilter, SamplePosition, TimeRange } from '../../records/power.ts';
import { CONTAINER_NAMES, type ContainerNames, containerNames, type PowerFacts } from '../../records/power-facts.ts';
import type { TimescaleDatabase } from './database.ts';
import { canBeStored } from './stored-text.ts';

/** A container with its number in the database. */
export type MatchingSeries = ContainerNames & PowerFacts & { readonly id: number };

/** Some series, and a part of the time: what is fetched in one query. */
export interface Batch {
  readonly series: readonly MatchingSeries[];
  /** Samples whose end lies in (from, to]. */
  readonly part: TimeRange;
}

/** Series that a filter matches, in the order of their names. */
export async function seriesMatching(database: TimescaleDatabase, filter: ContainerFilter): Promise<MatchingSeries[]> {
  if (!Object.values(filter).every(canBeStored)) return [];
  const given = (['namespace', 'pod', 'container', 'node'] as const).filter((field) => filter[field] !== undefined);
  const where = given.map((field, index) => `${field} = $${index + 1}`).join(' AND ');
  return database.query<MatchingSeries>(
    `SELECT id, namespace, pod, container, node, device, power_quality, power_model FROM power_series ${where && `WHERE ${where}`}
     ORDER BY namespace COLLATE "C", pod COLLATE "C", container COLLATE "C", node COLLATE "C", device COLLATE "C"`,
    given.map((field) => filter[field]),
  );
}

/** Whether a series comes before a place in the order of the names, so that all of it was given already. */
export function isBefore(series: MatchingSeries, { container }: SamplePosition): boolean {
  const names = containerNames(container);
  for (const field of CONTAINER_NAMES) {
    // By bytes, as the database orders: by code units characters beyond the first plane would come too early.
    const order = Buffer.compare(Buffer.from(series[field]), Buffer.from(names[field]));
    if (order !== 0) return order < 0;
  }
  return false;
}

/** Cuts a query into parts of about `size` samples each: by series, and a series that alone has more by time as well. */
export async function* batchesOf(
  database: TimescaleDatabase,
  matching: readonly MatchingSeries[],
  range: TimeRange,
  size: number,
): AsyncIterable<Batch> {
  const counts = await samplesBySeries(database, matching, range);
  const part = { from: range.from, to: lastEnd(range) };
  let series: MatchingSeries[] = [];
  let samples = 0;
  for (const one of matching) {
    const count = counts.get(one.id) ?? 0;
    if (count === 0) continue;
    if (series.length > 0 && samples + count > size) {
      yield { series, part };
      [series, samples] = [[], 0];
    }
    if (count > size) {
      yield* partsOf(database, one, range, size);
      continue;
    }
    series.push(one);
    samples += count;
  }
  if (series.length > 0) yield { series, part };
}

/** Samples that each series has in the hours that a range touches, and in the next one, where its last may end. */
async function samplesBySeries(database: TimescaleDatabase, series: readonly MatchingSeries[], range: TimeRange) {
  const rows = await database.query<{ id: number; samples: number }>(
    `SELECT series_id AS id, sum(samples)::float8 AS samples FROM power_hour
     WHERE series_id = ANY($1::integer[]) AND hour >= $2 AND hour < $3 GROUP BY series_id`,
    [series.map(({ id }) => id), new Date(hourOf(range.from)), new Date(lastEnd(range))],
  );
  return new Map(rows.map(({ id, samples }) => [id, samples]));
}

async function* partsOf(
  database: TimescaleDatabase,
  one: MatchingSeries,
  range: TimeRange,
  size: number,
): AsyncIterable<Batch> {
  const hours = await database.query<{ hour: EpochMs; samples: number }>(
    `SELECT (extract(epoch FROM hour) * 1000)::float8 AS hour, samples FROM power_hour
     WHERE series_id = $1 AND hour >= $2 AND hour < $3 ORDER BY hour`,
    [one.id, new Date(hourOf(range.from)), new Date(lastEnd(range))],
  );
  let from = range.from;
  let count = 0;
  for (const { hour, samples } of hours) {
    if (count > 0 && count + samples > size) {
      yield { series: [one], part: { from, to: hour } };
      [from, count] = [hour, 0];
    }
    count += samples;
  }
  yield { series: [one], part: { from, to: lastEnd(range) } };
}

/** A sample that begins within a range may end after it, but no day later. */
function lastEnd({ to }: TimeRange): EpochMs {
  return Math.min(to + 24 * HOUR_MS, LAST);
}

/** The last millisecond that a Date can hold. */
const LAST = 8.64e15;

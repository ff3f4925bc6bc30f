import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { type EpochMs, hourOf } from '../../grid/units.ts';
import type { PowerTick } from '../../records/power.ts';
import type { Connection } from './database.ts';
import { unfoldDays } from './folded-days.ts';
import { LOCKS } from './locks.ts';
import type { KnownSeries, SeriesNumbers } from './series.ts';
import { stageRows } from './staged-rows.ts';

const EPOCH = "TIMESTAMPTZ 'epoch'";
const MS = "INTERVAL '1 millisecond'";

const STAGE = `CREATE TEMPORARY TABLE IF NOT EXISTS power_stage (
  series_id integer, start_ms bigint, end_ms bigint, millijoules bigint) ON COMMIT DROP`;

const UNKNOWN_SERIES = `SELECT EXISTS (SELECT FROM power_stage WHERE NOT EXISTS (
  SELECT FROM power_series WHERE id = series_id)) AS unknown`;

/**
 * Moves staged samples to the table and their energy to the rollup in one statement, so that both are always in step.
 * A sample whose time the container has already is left out: a second delivery changes nothing, and two recorders at
 * once count nothing twice. Stored samples never overlap, so only the first that ends after the new one starts matters.
 */
const MOVE = `
WITH staged AS (
  SELECT series_id, ${EPOCH} + start_ms * ${MS} AS start_time, ${EPOCH} + end_ms * ${MS} AS end_time, millijoules FROM power_stage
), inserted AS (
  INSERT INTO power_sample (series_id, start_time, end_time, millijoules)
  SELECT staged.series_id, staged.start_time, staged.end_time, staged.millijoules
  FROM staged LEFT JOIN LATERAL (
    SELECT known.start_time FROM power_sample AS known
    WHERE known.series_id = staged.series_id AND known.end_time > staged.start_time
      AND known.end_time > $1::timestamptz AND known.end_time < $2::timestamptz
    ORDER BY known.end_time LIMIT 1
  ) AS next ON TRUE
  WHERE next.start_time IS NULL OR next.start_time >= staged.end_time
  ON CONFLICT DO NOTHING
  RETURNING series_id, start_time, end_time, millijoules
), part AS (
  SELECT series_id, hour, millijoules, start_time, end_time,
    extract(epoch FROM greatest(start_time, hour) - start_time) AS begins,
    extract(epoch FROM least(end_time, hour + INTERVAL '1 hour') - start_time) AS ends,
    extract(epoch FROM end_time - start_time) AS seconds,
    end_time <= hour + INTERVAL '1 hour' AS last
  FROM inserted CROSS JOIN LATERAL generate_series(
    date_bin('1 hour', start_time, ${EPOCH}), end_time - INTERVAL '1 microsecond', '1 hour') AS hour
), share AS (
  SELECT part.*, round(millijoules * ends / seconds) - round(millijoules * begins / seconds) AS energy FROM part
)
INSERT INTO power_hour AS kept (series_id, hour, millijoules, covered_ms, samples, max_milliwatts, minutes, first_start, last_end)
SELECT series_id, hour, sum(energy), sum((ends - begins) * 1000), count(*) FILTER (WHERE last), max(round(energy / (ends - begins))),
  coalesce(bit_or(1::bigint << floor(extract(epoch FROM end_time - ${MS} - hour) / 60)::integer) FILTER (WHERE last), 0),
  min(start_time) FILTER (WHERE last), max(end_time) FILTER (WHERE last)
FROM share GROUP BY series_id, hour
ON CONFLICT (series_id, hour) DO UPDATE SET
  millijoules = kept.millijoules + excluded.millijoules, covered_ms = kept.covered_ms + excluded.covered_ms,
  samples = kept.samples + excluded.samples,
  max_milliwatts = greatest(kept.max_milliwatts, excluded.max_milliwatts), minutes = kept.minutes | excluded.minutes,
  first_start = least(kept.first_start, excluded.first_start), last_end = greatest(kept.last_end, excluded.last_end)`;

/** Samples longer than this are not looked for when overlaps are; the recorder's longest gap is far below it. */
const LONGEST_MS = 24 * 3_600_000;

/** Writes ticks within a transaction. Returns their series, to remember once the transaction lasts. */
export async function writeSamples(
  connection: Connection,
  ticks: readonly PowerTick[],
  series: SeriesNumbers,
): Promise<ReadonlyMap<string, KnownSeries>> {
  // Recorders take turns: what one has written, the next must see.
  await connection.query('SELECT pg_advisory_xact_lock($1, $2)', LOCKS.samples);
  await noteScrapes(connection, ticks);
  if (ticks.every(({ samples }) => samples.length === 0)) return new Map();
  // Compiling the statement would take longer than running it.
  await connection.query(`SET LOCAL jit = off; ${STAGE}`);
  const { known, rows } = await stage(connection, ticks, series);
  await connection.query('SELECT power_make_partition(day) FROM unnest($1::timestamptz[]) AS day', [
    rows.days.map((day) => new Date(day)),
  ]);
  await connection.query('DELETE FROM power_closed_hour WHERE hour BETWEEN $1 AND $2', [
    new Date(hourOf(rows.from)),
    new Date(rows.to),
  ]);
  await unfoldDays(connection, rows.from, rows.to);
  await connection.query(MOVE, [new Date(rows.from), new Date(rows.to + LONGEST_MS)]);
  return known;
}

async function noteScrapes(connection: Connection, ticks: readonly PowerTick[]): Promise<void> {
  const newest = new Map<string, EpochMs>();
  for (const { target, scrapedAt } of ticks)
    if (scrapedAt !== undefined) newest.set(target, Math.max(scrapedAt, newest.get(target) ?? 0));
  if (newest.size === 0) return;
  await connection.query(
    `INSERT INTO power_target AS kept (name, scraped_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
     ON CONFLICT (name) DO UPDATE SET scraped_at = greatest(kept.scraped_at, excluded.scraped_at)`,
    [[...newest.keys()], [...newest.values()].map((time) => new Date(time))],
  );
}

async function stage(connection: Connection, ticks: readonly PowerTick[], series: SeriesNumbers) {
  let known = await series.resolve(connection, ticks);
  let rows = stageRows(ticks, known);
  await copyToStage(connection, rows.text);
  if (await anyUnknown(connection)) {
    series.forget();
    known = await series.resolve(connection, ticks);
    rows = stageRows(ticks, known);
    await connection.query('TRUNCATE power_stage');
    await copyToStage(connection, rows.text);
  }
  return { known, rows };
}

async function copyToStage(connection: Connection, text: string): Promise<void> {
  await pipeline(Readable.from([text]), connection.query(copyFrom('COPY power_stage FROM STDIN')));
}

async function anyUnknown(connection: Connection): Promise<boolean> {
  const { rows } = await connection.query<{ unknown: boolean }>(UNKNOWN_SERIES);
  return rows[0]?.unknown === true;
}

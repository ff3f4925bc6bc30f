import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import { LOCKS } from './locks.ts';

/** Length of a UTC day in milliseconds. */
export const DAY_MS = 24 * HOUR_MS;
/** The hours of a day, which number the columns of `power_day`. */
export const HOURS_OF_DAY = Array.from({ length: 24 }, (_, hour) => hour);

/** Samples may arrive this much later than their day ends without its being folded twice. */
const LATE_MS = HOUR_MS;
/** Days folded in one call at most, so that a first call over a long history does not hold up the others. */
const DAYS_AT_A_TIME = 10;

const UNFOLDED = `SELECT day FROM power_horizon, generate_series(
    (SELECT date_trunc('day', min(hour), 'UTC') FROM power_hour), $1::timestamptz - INTERVAL '24 hours', '24 hours') AS day
  WHERE day >= forgotten_before AND NOT EXISTS (SELECT FROM power_folded_day AS folded WHERE folded.day = day.day)
  ORDER BY day DESC LIMIT ${DAYS_AT_A_TIME}`;

const each = (column: (hour: number) => string) => HOURS_OF_DAY.map(column).join(', ');
const FOLD = `INSERT INTO power_day (series_id, day, millijoules, covered_ms, ${each((hour) => `e${hour}`)}, ${each((hour) => `c${hour}`)})
  SELECT series_id, $1::timestamptz, sum(energy), sum(covered_ms),
    ${each((hour) => `coalesce(sum(energy) FILTER (WHERE at = ${hour}), 0)`)},
    ${each((hour) => `coalesce(sum(covered_ms) FILTER (WHERE at = ${hour}), 0)`)}
  FROM (SELECT series_id, millijoules::float8 AS energy, covered_ms, (extract(epoch FROM hour - $1::timestamptz) / 3600)::integer AS at
    FROM power_hour WHERE hour >= $1 AND hour < $1::timestamptz + INTERVAL '24 hours') AS hours
  GROUP BY series_id`;

/** Folds finished days that are not folded yet, newest first, each in a transaction of its own. */
export async function foldDays(database: TimescaleDatabase, now: EpochMs): Promise<void> {
  const today = new Date(Math.floor((now - LATE_MS) / DAY_MS) * DAY_MS);
  const days = await database.query<{ day: Date }>(UNFOLDED, [today]);
  for (const { day } of days)
    await database.transaction(async (connection) => {
      // Nothing may be written into the day meanwhile.
      await connection.query('SELECT pg_advisory_xact_lock($1, $2)', LOCKS.samples);
      await connection.query('SET LOCAL jit = off');
      await connection.query('DELETE FROM power_day WHERE day = $1', [day]);
      await connection.query(FOLD, [day]);
      await connection.query('SELECT power_fold_groups($1), power_fold_nodes($1)', [day]);
      await connection.query('INSERT INTO power_folded_day (day) VALUES ($1) ON CONFLICT DO NOTHING', [day]);
    });
}

/** Notes that something changed in a span of time: its days are read hour by hour until they are folded again. */
export async function unfoldDays(connection: Connection, from: EpochMs, to: EpochMs): Promise<void> {
  const first = new Date(Math.floor(from / DAY_MS) * DAY_MS);
  await connection.query('DELETE FROM power_folded_day WHERE day BETWEEN $1 AND $2', [first, new Date(to)]);
}

/** Forgets days that begin before a time, whole or in part. */
export async function forgetDays(connection: Connection, before: Date): Promise<void> {
  await connection.query('DELETE FROM power_folded_day WHERE day < $1', [before]);
  await connection.query('DELETE FROM power_day WHERE day < $1', [before]);
  await connection.query('DELETE FROM power_group_day WHERE day < $1', [before]);
  await connection.query('DELETE FROM power_node_day WHERE day < $1', [before]);
  await connection.query(
    `DELETE FROM power_group WHERE NOT EXISTS (SELECT FROM power_series AS series
       WHERE (series.namespace, series.node, series.device) = (power_group.namespace, power_group.node, power_group.device))`,
  );
}

/** Starts of the folded days that lie within a span of time, as a set for look-ups. */
export async function foldedDays(connection: Connection, from: EpochMs, to: EpochMs): Promise<ReadonlySet<EpochMs>> {
  const { rows } = await connection.query<{ day: Date }>(
    'SELECT day FROM power_folded_day WHERE day >= $1 AND day < $2',
    [new Date(from), new Date(to)],
  );
  return new Set(rows.map(({ day }) => day.getTime()));
}

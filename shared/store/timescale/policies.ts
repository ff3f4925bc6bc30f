import type { Connection } from './database.ts';

/** What the database offers beyond PostgreSQL. */
export type Edition = 'plain' | 'timescale-apache' | 'timescale-community';

/** Age at which chunks are compressed: late samples of the last day still go to plain rows. */
const COMPRESS_AFTER = "INTERVAL '2 days'";

/** Looks which edition serves the samples: the Apache edition answers compression and policies with an error. */
export async function editionOf(connection: Connection): Promise<Edition> {
  const { rows } = await connection.query<{ hypertable: boolean; license: string | null }>(
    `SELECT relkind = 'r' AS hypertable, current_setting('timescaledb.license', TRUE) AS license
     FROM pg_class WHERE oid = 'power_sample'::regclass`,
  );
  if (rows[0]?.hypertable !== true) return 'plain';
  return rows[0].license === 'timescale' ? 'timescale-community' : 'timescale-apache';
}

/**
 * Lets TimescaleDB compress old chunks, and drop those that nobody forgot in time, where its edition can. Elsewhere the
 * retention task alone drops them, and nothing is compressed. Recording goes on when the database refuses the policies.
 */
export async function applyPolicies(
  connection: Connection,
  retentionDays: number | undefined,
  refused: (error: unknown) => void,
): Promise<void> {
  if ((await editionOf(connection)) !== 'timescale-community') return;
  try {
    await compressOldChunks(connection);
    if (retentionDays !== undefined) await dropForgottenChunks(connection, retentionDays);
  } catch (error) {
    refused(error);
  }
}

async function compressOldChunks(connection: Connection): Promise<void> {
  const { rows } = await connection.query<{ on: boolean }>(
    `SELECT compression_enabled AS on FROM timescaledb_information.hypertables WHERE hypertable_name = 'power_sample'`,
  );
  if (rows[0]?.on !== true)
    await connection.query(`ALTER TABLE power_sample SET (timescaledb.compress,
      timescaledb.compress_segmentby = 'series_id', timescaledb.compress_orderby = 'end_time')`);
  await connection.query(
    `SELECT add_compression_policy('power_sample', compress_after => ${COMPRESS_AFTER}, if_not_exists => TRUE)`,
  );
}

/** One day later than the retention task, which knows the hour: this is the net below it. */
async function dropForgottenChunks(connection: Connection, retentionDays: number): Promise<void> {
  await connection.query(`SELECT remove_retention_policy('power_sample', if_exists => TRUE)`);
  await connection.query(`SELECT add_retention_policy('power_sample', drop_after => make_interval(days => $1))`, [
    retentionDays + 1,
  ]);
}

import type {
  KeyedDelivery,
  MeterReadingsWriter,
  RememberedDelivery,
  StoredReading,
} from '../../records/meter-readings.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import { DatabaseError } from './database-error.ts';
import { postgresTime } from './postgres-time.ts';

// Sites, then meters, in the order of their names: two workers that meet the same new ones wait for each other
// instead of locking each other out.
const ADD_SITES = `INSERT INTO site (name) SELECT DISTINCT name FROM unnest($1::text[]) AS given (name) ORDER BY name
  ON CONFLICT DO NOTHING`;
const ADD_METERS = `INSERT INTO meter (site_id, name, first, last)
  SELECT site.id, given.device, min(given.t), max(given.t)
  FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS given (site, device, t) JOIN site ON site.name = given.site
  GROUP BY site.id, given.device ORDER BY site.id, given.device
  ON CONFLICT (site_id, name) DO UPDATE SET first = least(meter.first, excluded.first), last = greatest(meter.last, excluded.last)
  WHERE meter.first > excluded.first OR meter.last < excluded.last`;
const GIVEN = `WITH given AS (
    SELECT meter.site_id, meter.id AS meter_id, row.*
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[], $5::bigint[], $6::bigint[])
      WITH ORDINALITY AS row (site, device, t, watts, ms, seq, place)
    JOIN site ON site.name = row.site JOIN meter ON meter.site_id = site.id AND meter.name = row.device)`;
const ADD_READINGS = `${GIVEN}
  INSERT INTO meter_reading (site_id, "timestamp", meter_id, watts, stream_ms, stream_seq)
  SELECT site_id, t, meter_id, watts, ms, seq FROM given ORDER BY site_id, t, meter_id, place ON CONFLICT DO NOTHING`;
const WHO_IS_KEPT = `${GIVEN}
  SELECT (kept.stream_ms, kept.stream_seq) = (given.ms, given.seq) AS kept
  FROM given JOIN meter_reading AS kept ON kept.site_id = given.site_id AND kept."timestamp" = given.t AND kept.meter_id = given.meter_id
  ORDER BY given.place`;

/** Keeps meter readings in PostgreSQL; any number of processes may write. */
export function timescaleReadingsWriter(database: TimescaleDatabase): MeterReadingsWriter {
  const writing = <Result>(work: (connection: Connection) => Promise<Result>) =>
    database.transaction(work).catch((error) => {
      if (error instanceof DatabaseError && error.kind === 'data') throw new RangeError(error.message);
      throw error;
    });
  return {
    appendReadings: (readings) => writing((connection) => append(connection, readings)),
    appendReadingsOnce: (readings, delivery) => writing((connection) => appendOnce(connection, readings, delivery)),
    forgetReadingsBefore: (time) => database.transaction((connection) => forget(connection, postgresTime(time))),
    async putSite(siteId, zone) {
      await database.query(
        'INSERT INTO site (name, zone) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET zone = excluded.zone',
        [siteId, zone ?? null],
      );
    },
  };
}

async function append(connection: Connection, readings: readonly StoredReading[]): Promise<boolean[]> {
  if (readings.length === 0) return [];
  const values = columns(readings);
  await connection.query(ADD_SITES, values.slice(0, 1));
  await connection.query(ADD_METERS, values.slice(0, 3));
  const { rowCount } = await connection.query(ADD_READINGS, values);
  // As many new rows as readings: each is kept under its own number, and none needs to be looked up.
  if (rowCount === readings.length) return readings.map(() => true);
  const { rows } = await connection.query<{ kept: boolean }>(WHO_IS_KEPT, values);
  return rows.map((row) => row.kept);
}

function columns(readings: readonly StoredReading[]): unknown[][] {
  for (const { siteId, deviceId, watts, timestamp, streamId } of readings)
    if (!Number.isFinite(watts) || !Number.isSafeInteger(timestamp) || !/^\d+-\d+$/.test(streamId))
      throw new RangeError(`no reading: ${watts} W at ${timestamp} of ${siteId}/${deviceId} from ${streamId}`);
  return [
    readings.map((reading) => reading.siteId),
    readings.map((reading) => reading.deviceId),
    readings.map((reading) => postgresTime(reading.timestamp)),
    readings.map((reading) => reading.watts),
    readings.map((reading) => reading.streamId.split('-')[0]),
    readings.map((reading) => reading.streamId.split('-')[1]),
  ];
}

async function appendOnce(
  connection: Connection,
  readings: readonly StoredReading[],
  { key, note, now, expires }: KeyedDelivery,
): Promise<RememberedDelivery> {
  const streamIds = readings.map((reading) => reading.streamId);
  // Another delivery under the same key that is under way is waited for here.
  const added = await connection.query(
    `INSERT INTO reading_delivery AS known VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE
     SET expires = excluded.expires, note = excluded.note, stream_ids = excluded.stream_ids WHERE known.expires <= $5`,
    [key, postgresTime(expires), note, streamIds.join(' '), postgresTime(now)],
  );
  if (added.rowCount === 1) {
    await append(connection, readings);
    return { note, streamIds };
  }
  const { rows } = await connection.query<{ note: string; stream_ids: string }>(
    'SELECT note, stream_ids FROM reading_delivery WHERE key = $1',
    [key],
  );
  const [known] = rows;
  if (known === undefined) throw new Error('the answer to a repeated delivery went away while it was asked for');
  return { note: known.note, streamIds: known.stream_ids.split(' ').filter(Boolean) };
}

// A meter's span begins with the oldest reading that is left; one without any goes.
const SPANS_OF_OLD = `UPDATE meter SET first = coalesce((SELECT min("timestamp") FROM meter_reading AS reading
    WHERE reading.site_id = meter.site_id AND reading.meter_id = meter.id), 'infinity') WHERE first < $1`;

async function forget(connection: Connection, time: string): Promise<number> {
  // What was measured long ago and arrived of late is history that was sent just now.
  const { rowCount } = await connection.query(
    'DELETE FROM meter_reading WHERE "timestamp" < $1::timestamptz AND stream_ms < extract(epoch FROM $1::timestamptz) * 1000',
    [time],
  );
  await connection.query(SPANS_OF_OLD, [time]);
  await connection.query("DELETE FROM meter WHERE first = 'infinity'");
  await connection.query(
    'DELETE FROM site WHERE zone IS NULL AND NOT EXISTS (SELECT FROM meter WHERE meter.site_id = site.id)',
  );
  await connection.query('DELETE FROM reading_delivery WHERE expires < $1', [time]);
  return rowCount ?? 0;
}

import type { EpochMs } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type {
  KeyedDelivery,
  MeterReadingsWriter,
  RememberedDelivery,
  StoredReading,
} from '../../records/meter-readings.ts';
import type { SqliteDatabase } from './database.ts';
import type { SqliteFile } from './file.ts';

interface Meter {
  readonly site: number;
  readonly meter: number;
}

/** Keeps meter readings in SQLite; several processes may write to one file. */
export function sqliteReadingsWriter(file: SqliteFile): MeterReadingsWriter {
  const writing = <Result>(work: (database: SqliteDatabase) => Result): Promise<Result> => {
    const database = file.writer();
    return database.writeSoon(() => work(database));
  };
  return {
    async appendReadings(readings) {
      return writing((database) => append(database, readings));
    },
    async appendReadingsOnce(readings, delivery) {
      return writing((database) => appendOnce(database, readings, delivery));
    },
    async forgetReadingsBefore(time) {
      return writing((database) => forget(database, time));
    },
    async putSite(siteId, zone) {
      await writing((database) => putSite(database, siteId, zone));
    },
  };
}

function append(database: SqliteDatabase, readings: readonly StoredReading[]): boolean[] {
  const meters = new Map<string, Meter>();
  const spans = new Map<number, { first: EpochMs; last: EpochMs }>();
  const kept = readings.map((reading) => {
    const { timestamp, watts, streamId } = reading;
    const { ms, seq } = streamNumber(reading);
    const { site, meter } = meterOf(database, meters, reading);
    const span = spans.get(meter);
    if (span === undefined) spans.set(meter, { first: timestamp, last: timestamp });
    else {
      span.first = Math.min(span.first, timestamp);
      span.last = Math.max(span.last, timestamp);
    }
    const sql = 'INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
    if (database.run(sql, site, timestamp, meter, watts, ms, seq) === 1) return true;
    const row = database.get<{ id: string }>(
      "SELECT stream_ms || '-' || stream_seq AS id FROM reading WHERE site = ? AND t = ? AND meter = ?",
      site,
      timestamp,
      meter,
    );
    return row?.id === streamId;
  });
  for (const [meter, { first, last }] of spans)
    database.run('UPDATE meter SET first = min(first, ?), last = max(last, ?) WHERE id = ?', first, last, meter);
  return kept;
}

function appendOnce(
  database: SqliteDatabase,
  readings: readonly StoredReading[],
  { key, note, now, expires }: KeyedDelivery,
): RememberedDelivery {
  const sql = 'SELECT note, stream_ids FROM delivery WHERE key = ? AND expires > ?';
  const known = database.get<{ note: string; stream_ids: string }>(sql, key, now);
  if (known !== undefined) return { note: known.note, streamIds: known.stream_ids.split(' ').filter(Boolean) };
  append(database, readings);
  const streamIds = readings.map((reading) => reading.streamId);
  database.run('INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?)', key, expires, note, streamIds.join(' '));
  return { note, streamIds };
}

function forget(database: SqliteDatabase, time: EpochMs): number {
  let count = 0;
  // What was measured long ago and arrived of late is history that was sent just now.
  for (const { id } of database.all<{ id: number }>('SELECT id FROM site'))
    count += database.run('DELETE FROM reading WHERE site = ?1 AND t < ?2 AND stream_ms < ?2', id, time);
  for (const { id, site } of database.all<{ id: number; site: number }>(
    'SELECT id, site FROM meter WHERE first < ?',
    time,
  )) {
    const oldest = database.get<{ t: number | null }>(
      'SELECT min(t) AS t FROM reading WHERE site = ? AND meter = ?',
      site,
      id,
    );
    if (oldest?.t == null) database.run('DELETE FROM meter WHERE id = ?', id);
    else database.run('UPDATE meter SET first = ? WHERE id = ?', oldest.t, id);
  }
  database.run('DELETE FROM site WHERE zone IS NULL AND id NOT IN (SELECT site FROM meter)');
  database.run('DELETE FROM delivery WHERE expires < ?', time);
  return count;
}

function putSite(database: SqliteDatabase, siteId: string, zone: Zone | undefined): void {
  const sql = 'INSERT INTO site (name, zone) VALUES (?, ?) ON CONFLICT DO UPDATE SET zone = excluded.zone';
  database.run(sql, siteId, zone ?? null);
}

function meterOf(
  database: SqliteDatabase,
  known: Map<string, Meter>,
  { siteId, deviceId, timestamp }: StoredReading,
): Meter {
  const key = `${siteId}\0${deviceId}`;
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  database.run('INSERT INTO site (name) VALUES (?) ON CONFLICT DO NOTHING', siteId);
  database.run(
    'INSERT INTO meter (site, name, first, last) SELECT id, ?2, ?3, ?3 FROM site WHERE name = ?1 ON CONFLICT DO NOTHING',
    siteId,
    deviceId,
    timestamp,
  );
  const row = database.get<Meter>(
    'SELECT site.id AS site, meter.id AS meter FROM site JOIN meter ON meter.site = site.id WHERE site.name = ? AND meter.name = ?',
    siteId,
    deviceId,
  );
  if (row === undefined) throw new Error('SQLite kept no row of a meter that was just written');
  known.set(key, row);
  return row;
}

function streamNumber({ siteId, deviceId, watts, timestamp, streamId }: StoredReading): { ms: number; seq: number } {
  // Once for each reading: cutting in two takes a quarter of the time of a split into an array.
  const dash = streamId.indexOf('-');
  const ms = dash > 0 ? Number(streamId.slice(0, dash)) : Number.NaN;
  const seq = Number(streamId.slice(dash + 1));
  const whole = Number.isSafeInteger(ms) && Number.isSafeInteger(seq) && Number.isSafeInteger(timestamp);
  if (whole && Number.isFinite(watts)) return { ms, seq };
  throw new RangeError(`no reading: ${watts} W at ${timestamp} of ${siteId}/${deviceId} from ${streamId}`);
}

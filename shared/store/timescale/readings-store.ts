import { watts } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type { MeterReadingsReader, MeterReadingsStore, Site, StoredReading } from '../../records/meter-readings.ts';
import type { TimescaleDatabase } from './database.ts';
import { postgresTime } from './postgres-time.ts';
import { timescaleReadingsWriter } from './readings-writer.ts';

interface ReadingRow {
  readonly device: string;
  readonly t: Date;
  readonly watts: number;
  readonly stream_id: string;
}

interface SiteRow {
  readonly name: string;
  readonly zone: Zone | null;
  readonly devices: number;
  readonly first: Date | null;
  readonly last: Date | null;
}

const SITES = `SELECT site.name, site.zone, count(meter.id)::int AS devices, min(meter.first) AS first, max(meter.last) AS last
  FROM site LEFT JOIN meter ON meter.site_id = site.id`;

/** Meter readings and sites in PostgreSQL. */
export function timescaleReadings(database: TimescaleDatabase): MeterReadingsStore {
  return { ...timescaleReadingsReader(database), ...timescaleReadingsWriter(database) };
}

function timescaleReadingsReader(database: TimescaleDatabase): MeterReadingsReader {
  return {
    async readings(siteId, { from, to }, limit, after) {
      const start = postgresTime(Math.max(from, after?.timestamp ?? from));
      const rows = await database.query<ReadingRow & Record<string, unknown>>(
        `SELECT meter.name AS device, reading."timestamp" AS t, reading.watts, stream_ms || '-' || stream_seq AS stream_id
         FROM site JOIN meter_reading AS reading ON reading.site_id = site.id JOIN meter ON meter.id = reading.meter_id
         WHERE site.name = $1 AND reading."timestamp" >= $2 AND reading."timestamp" < $3
           AND (reading."timestamp", meter.name COLLATE "C") > ($4, $5)
         ORDER BY reading."timestamp", meter.name COLLATE "C" LIMIT $6`,
        [siteId, start, postgresTime(to), postgresTime(after?.timestamp ?? from), after?.deviceId ?? '', limit],
      );
      return rows.map(({ device, t, watts: power, stream_id }): StoredReading => {
        return { siteId, deviceId: device, timestamp: t.getTime(), watts: watts(power), streamId: stream_id };
      });
    },
    async sites() {
      const sql = `${SITES} GROUP BY site.id ORDER BY site.name COLLATE "C"`;
      return (await database.query<SiteRow & Record<string, unknown>>(sql)).map(toSite);
    },
    async site(siteId) {
      const sql = `${SITES} WHERE site.name = $1 GROUP BY site.id`;
      const [row] = await database.query<SiteRow & Record<string, unknown>>(sql, [siteId]);
      return row && toSite(row);
    },
  };
}

function toSite({ name, zone, devices, first, last }: SiteRow): Site {
  const [from, to] = [first?.getTime(), last?.getTime()];
  return { siteId: name, zone: zone ?? undefined, devices, first: from, last: to };
}

import { watts } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type { MeterReadingsCursor, MeterReadingsReader, Site, StoredReading } from '../../records/meter-readings.ts';
import type { TimeRange } from '../../records/power.ts';
import type { SqliteFile } from './file.ts';

interface ReadingRow {
  readonly device: string;
  readonly t: number;
  readonly watts: number;
  readonly stream_id: string;
}

interface SiteRow {
  readonly name: string;
  readonly zone: Zone | null;
  readonly devices: number;
  readonly first: number | null;
  readonly last: number | null;
}

const SITES = `SELECT site.name, site.zone, count(meter.id) AS devices, min(meter.first) AS first, max(meter.last) AS last
  FROM site LEFT JOIN meter ON meter.site = site.id`;

/** Reads meter readings from the embedded store; none while there is no file yet. */
export function sqliteReadingsReader(file: SqliteFile): MeterReadingsReader {
  return {
    async readings(siteId: string, { from, to }: TimeRange, limit: number, after?: MeterReadingsCursor) {
      const rows = file.reader()?.all<ReadingRow>(
        `SELECT meter.name AS device, reading.t, reading.watts, stream_ms || '-' || stream_seq AS stream_id
         FROM site JOIN reading ON reading.site = site.id JOIN meter ON meter.id = reading.meter
         WHERE site.name = ?1 AND reading.t >= max(?2, ?4) AND reading.t < ?3 AND (reading.t, meter.name) > (?4, ?5)
         ORDER BY reading.t, meter.name LIMIT ?6`,
        siteId,
        from,
        to,
        after?.timestamp ?? from,
        after?.deviceId ?? '',
        limit,
      );
      return (rows ?? []).map(({ device, t, watts: power, stream_id }): StoredReading => {
        return { siteId, deviceId: device, timestamp: t, watts: watts(power), streamId: stream_id };
      });
    },
    async sites() {
      const rows = file.reader()?.all<SiteRow>(`${SITES} GROUP BY site.id ORDER BY site.name`);
      return (rows ?? []).map(toSite);
    },
    async site(siteId: string) {
      const row = file.reader()?.get<SiteRow>(`${SITES} WHERE site.name = ? GROUP BY site.id`, siteId);
      return row && toSite(row);
    },
  };
}

function toSite({ name, zone, devices, first, last }: SiteRow): Site {
  return { siteId: name, zone: zone ?? undefined, devices, first: first ?? undefined, last: last ?? undefined };
}

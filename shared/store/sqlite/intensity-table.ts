import { type HourlyIntensity, QUALITIES, type Quality, type Signal } from '../../intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../units.ts';
import type { Zone } from '../../zones.ts';
import type { IntensityReader, IntensityWriter, TimeRange } from '../ports.ts';
import type { Database } from './database.ts';

interface Row {
  readonly zone: Zone;
  readonly hour: number;
  readonly signal: Signal;
  readonly grams_per_kwh: number;
  readonly provider: string;
  readonly quality: Quality;
}

/** Writes carbon intensity by zone, hour and signal. */
export function sqliteIntensityWriter(database: Database): IntensityWriter {
  return {
    async record(readings: readonly HourlyIntensity[]) {
      database.write(() => {
        for (const { zone, hour, signal, carbonIntensity, provider, quality } of readings)
          database.run(
            `INSERT INTO intensity (zone, hour, signal, grams_per_kwh, provider, quality, rank)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET grams_per_kwh = excluded.grams_per_kwh,
             provider = excluded.provider, quality = excluded.quality, rank = excluded.rank WHERE excluded.rank <= rank`,
            zone,
            hourOf(hour),
            signal,
            carbonIntensity,
            provider,
            quality,
            QUALITIES.indexOf(quality),
          );
      });
    },
  };
}

/** Reads carbon intensity; empty while there is no database yet. */
export function sqliteIntensityReader(source: () => Database | undefined): IntensityReader {
  return {
    async intensities(zones: readonly Zone[], { from, to }: TimeRange): Promise<HourlyIntensity[]> {
      const rows: Row[] = [];
      for (const zone of [...new Set(zones)].sort())
        rows.push(
          ...(source()?.all<Row>(
            `SELECT zone, hour, signal, grams_per_kwh, provider, quality FROM intensity
             WHERE zone = ? AND hour > ? AND hour < ? ORDER BY hour, signal`,
            zone,
            from - HOUR_MS,
            to,
          ) ?? []),
        );
      return rows.map(({ grams_per_kwh, ...row }) => ({ ...row, carbonIntensity: gramsPerKwh(grams_per_kwh) }));
    },
    async zones() {
      const rows = source()?.all<{ zone: Zone }>('SELECT DISTINCT zone FROM intensity ORDER BY zone') ?? [];
      return rows.map((row) => row.zone);
    },
  };
}

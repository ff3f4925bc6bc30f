import {
  type DataQuality,
  type EnergyMix,
  type HourlyIntensity,
  QUALITIES,
  type Quality,
  type Signal,
} from '../../grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type { IntensityReader, IntensityWriter, TimeRange } from '../../records/power.ts';
import type { SqliteDatabase } from './database.ts';

interface Row {
  readonly zone: Zone;
  readonly hour: number;
  readonly signal: Signal;
  readonly grams_per_kwh: number;
  readonly provider: string;
  readonly quality: Quality;
  readonly data_quality: DataQuality;
  readonly emission_factor_type: 'lifecycle' | 'direct' | null;
  readonly estimation_method: string | null;
  readonly provider_updated_at: number | null;
  readonly energy_mix: string | null;
}

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const UPSERT = `INSERT INTO intensity (zone, hour, signal, grams_per_kwh, provider, quality, rank, data_quality,
    emission_factor_type, estimation_method, provider_updated_at, energy_mix, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${NOW}, ${NOW})
  ON CONFLICT DO UPDATE SET grams_per_kwh = excluded.grams_per_kwh, provider = excluded.provider,
    quality = excluded.quality, rank = excluded.rank, data_quality = excluded.data_quality,
    emission_factor_type = excluded.emission_factor_type, estimation_method = excluded.estimation_method,
    provider_updated_at = excluded.provider_updated_at, energy_mix = coalesce(excluded.energy_mix, energy_mix),
    updated_at = excluded.updated_at
  WHERE excluded.rank <= rank`;

const NAME = 'INSERT INTO region_name (name, zone) VALUES (?, ?) ON CONFLICT DO NOTHING';
/** A zone without a name of its own is listed under its code anyway. */
const OWN_CODE = `INSERT INTO region_name (name, zone) SELECT ?1, ?1 WHERE EXISTS (SELECT 1 FROM region_name WHERE zone = ?1)
  ON CONFLICT DO NOTHING`;

/** Writes carbon intensity by zone, hour and signal, and the names that the zones have. */
export function sqliteIntensityWriter(writer: () => SqliteDatabase): IntensityWriter {
  return {
    async record(readings: readonly HourlyIntensity[]) {
      const database = writer();
      await database.writeSoon(() => {
        for (const [zone, names] of namesOf(readings)) {
          if (names === undefined) database.run(OWN_CODE, zone);
          for (const name of names ?? []) database.run(NAME, name, zone);
        }
        for (const reading of readings) {
          const { zone, hour, signal, carbonIntensity, provider, quality, energyMix } = reading;
          database.run(
            UPSERT,
            zone,
            hourOf(hour),
            signal,
            carbonIntensity,
            provider,
            quality,
            QUALITIES.indexOf(quality),
            reading.dataQuality ?? 'real_time',
            reading.emissionFactorType ?? null,
            reading.estimationMethod ?? null,
            reading.updatedAt ?? null,
            energyMix ? JSON.stringify(energyMix) : null,
          );
        }
      });
    },
  };
}

/** The newest names of each zone; undefined: its code alone. */
function namesOf(readings: readonly HourlyIntensity[]): Map<Zone, readonly string[] | undefined> {
  return new Map(readings.map(({ zone, regionNames }) => [zone, regionNames] as const));
}

/** Reads carbon intensity; empty while there is no database yet. */
export function sqliteIntensityReader(source: () => SqliteDatabase | undefined): IntensityReader {
  return {
    async intensities(zones: readonly Zone[], { from, to }: TimeRange): Promise<HourlyIntensity[]> {
      const rows: Row[] = [];
      for (const zone of [...new Set(zones)].sort())
        rows.push(
          ...(source()?.all<Row>(
            `SELECT zone, hour, signal, grams_per_kwh, provider, quality, data_quality, emission_factor_type,
               estimation_method, provider_updated_at, energy_mix FROM intensity
             WHERE zone = ? AND hour > ? AND hour < ? ORDER BY hour, signal`,
            zone,
            from - HOUR_MS,
            to,
          ) ?? []),
        );
      return rows.map(toHourly);
    },
    async zones() {
      const rows = source()?.all<{ zone: Zone }>('SELECT DISTINCT zone FROM intensity ORDER BY zone') ?? [];
      return rows.map((row) => row.zone);
    },
  };
}

function toHourly(row: Row): HourlyIntensity {
  const { zone, hour, signal, provider, quality, energy_mix } = row;
  return {
    zone,
    hour,
    signal,
    carbonIntensity: gramsPerKwh(row.grams_per_kwh),
    provider,
    quality,
    ...(row.data_quality !== 'real_time' && { dataQuality: row.data_quality }),
    ...(row.emission_factor_type && { emissionFactorType: row.emission_factor_type }),
    ...(row.estimation_method && { estimationMethod: row.estimation_method }),
    ...(row.provider_updated_at !== null && { updatedAt: row.provider_updated_at }),
    ...(energy_mix && { energyMix: JSON.parse(energy_mix) as EnergyMix }),
  };
}

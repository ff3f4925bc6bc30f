import { z } from 'zod';
import {
  CONFIDENCE,
  type DataQuality,
  ENERGY_SOURCES,
  type EnergyMix,
  type HourlyIntensity,
  QUALITIES,
  type Signal,
} from '../../grid/intensity.ts';
import { gramsPerKwh, HOUR_MS, hourOf, isoTime } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type { IntensityReader, IntensityWriter, TimeRange } from '../../records/power.ts';
import type { Connection, TimescaleDatabase } from './database.ts';

/** Each signal has its own table, so that average and marginal are never mixed. */
const TABLES: Readonly<Record<Signal, string>> = {
  average: 'co2e_emissions',
  marginal: 'co2e_marginal_emissions',
};

const SIGNALS = ['average', 'marginal'] as const satisfies readonly Signal[];

/** What of `metadata` we read back. People may write to the table: what they did not say is told by the other columns. */
const metadataSchema = z
  .object({
    quality: z.enum(QUALITIES).optional().catch(undefined),
    emission_factor_type: z.enum(['lifecycle', 'direct']).optional().catch(undefined),
    estimation_method: z.string().optional().catch(undefined),
    provider_updated_at: z.iso.datetime().optional().catch(undefined),
    data_quality: z.enum(['forecast', 'historical']).optional().catch(undefined),
  })
  .catch({});

const MIX_COLUMNS = ENERGY_SOURCES.map((source) => `energy_mix_${source}`);

interface Row {
  readonly zone: Zone;
  readonly hour: number;
  readonly grams_per_kwh: number;
  readonly source: string;
  readonly data_quality: DataQuality;
  readonly metadata: unknown;
  /** Percent in the order of ENERGY_SOURCES; null where a source was not reported. */
  readonly mix: readonly (number | null)[];
}

/** A reading of an hour that is at most this old counts as real time, an older one as back-filled history. */
const REAL_TIME = "INTERVAL '3 hours'";

const UPSERT = (table: string) => `
INSERT INTO ${table} AS kept (region, "timestamp", gCO2_per_kWh, source, data_quality, confidence_score, metadata,
  ${MIX_COLUMNS.join(', ')})
SELECT region, "timestamp", grams, source, coalesce(data_quality, CASE
    WHEN quality = 'forecast' THEN 'forecast'
    WHEN quality IN ('measured', 'estimated') AND "timestamp" > now() - ${REAL_TIME} THEN 'real_time'
    ELSE 'historical' END), confidence, metadata, ${ENERGY_SOURCES.map((source) => `(mix->>'${source}')::float8`).join(', ')}
FROM unnest($1::text[], $2::timestamptz[], $3::float8[], $4::text[], $5::text[], $6::float8[], $7::jsonb[], $8::text[],
  $9::jsonb[]) AS given (region, "timestamp", grams, source, quality, confidence, metadata, data_quality, mix)
ON CONFLICT (region, "timestamp") DO UPDATE SET gCO2_per_kWh = excluded.gCO2_per_kWh, source = excluded.source,
  data_quality = excluded.data_quality, confidence_score = excluded.confidence_score, metadata = excluded.metadata,
  ${MIX_COLUMNS.map((column) => `${column} = CASE WHEN ${hasMix('excluded')} THEN excluded.${column} ELSE kept.${column} END`).join(', ')},
  updated_at = now()
WHERE excluded.confidence_score >= kept.confidence_score`;

/** Whether a row tells any part of a mix: a known mix stays as a whole when the newer row has none. */
function hasMix(row: string): string {
  return `num_nonnulls(${MIX_COLUMNS.map((column) => `${row}.${column}`).join(', ')}) > 0`;
}

/** Writes carbon intensity by zone, hour and signal: the newest value wins, but never a worse quality. */
export function timescaleIntensityWriter(database: TimescaleDatabase): IntensityWriter {
  return {
    async record(readings) {
      if (readings.length === 0) return;
      await database.transaction(async (connection) => {
        for (const signal of SIGNALS)
          await upsert(connection, TABLES[signal], bestByHour(readings.filter((reading) => reading.signal === signal)));
      });
    },
  };
}

/** Reads carbon intensity by zone and hour, both signals. */
export function timescaleIntensityReader(database: TimescaleDatabase): IntensityReader {
  return {
    async intensities(zones: readonly Zone[], { from, to }: TimeRange): Promise<HourlyIntensity[]> {
      const found: HourlyIntensity[] = [];
      for (const signal of SIGNALS) {
        const rows = await database.query<Row>(
          `SELECT region AS zone, (extract(epoch FROM "timestamp") * 1000)::float8 AS hour, gCO2_per_kWh AS grams_per_kwh,
             source, data_quality, metadata, ARRAY[${MIX_COLUMNS.join(', ')}] AS mix FROM ${TABLES[signal]}
           WHERE region = ANY($1) AND "timestamp" > $2 AND "timestamp" < $3`,
          [zones, new Date(from - HOUR_MS), new Date(to)],
        );
        found.push(...rows.map((row) => reading(row, signal)));
      }
      return found.sort((a, b) => compare(a.zone, b.zone) || a.hour - b.hour || compare(a.signal, b.signal));
    },
    async zones() {
      const tables = SIGNALS.map((signal) => `SELECT region FROM ${TABLES[signal]}`).join(' UNION ');
      const rows = await database.query<{ region: Zone }>(
        `SELECT region FROM (${tables}) AS history ORDER BY region COLLATE "C"`,
      );
      return rows.map((row) => row.region);
    },
  };
}

/** One reading per zone and hour, by the same rule that the table has: one statement may not write a row twice. */
function bestByHour(readings: readonly HourlyIntensity[]): HourlyIntensity[] {
  const best = new Map<string, HourlyIntensity>();
  for (const one of readings) {
    const key = `${one.zone} ${hourOf(one.hour)}`;
    const known = best.get(key);
    if (known === undefined || CONFIDENCE[one.quality] >= CONFIDENCE[known.quality]) best.set(key, one);
  }
  return [...best.values()];
}

async function upsert(connection: Connection, table: string, readings: readonly HourlyIntensity[]): Promise<void> {
  if (readings.length === 0) return;
  await connection.query(UPSERT(table), [
    readings.map(({ zone }) => zone),
    readings.map(({ hour }) => new Date(hourOf(hour))),
    readings.map(({ carbonIntensity }) => carbonIntensity),
    // Clients of these tables know the providers with underscores.
    readings.map(({ provider }) => provider.replaceAll('-', '_')),
    readings.map(({ quality }) => quality),
    readings.map(({ quality }) => CONFIDENCE[quality]),
    readings.map(metadataOf),
    readings.map(({ dataQuality }) => dataQuality ?? null),
    readings.map(({ energyMix }) => (energyMix ? JSON.stringify(energyMix) : null)),
  ]);
}

function metadataOf(reading: HourlyIntensity): string {
  const { signal, quality, emissionFactorType, estimationMethod, updatedAt, dataQuality } = reading;
  return JSON.stringify({
    signal,
    quality,
    ...(emissionFactorType && { emission_factor_type: emissionFactorType }),
    ...(estimationMethod && { estimation_method: estimationMethod }),
    ...(dataQuality && dataQuality !== 'real_time' && { data_quality: dataQuality }),
    ...(updatedAt != null && { provider_updated_at: isoTime(updatedAt) }),
  });
}

function reading(row: Row, signal: Signal): HourlyIntensity {
  const { zone, hour, grams_per_kwh, source, data_quality } = row;
  const facts = metadataSchema.parse(row.metadata);
  const mix = ENERGY_SOURCES.flatMap((name, index) =>
    row.mix[index] == null ? [] : [[name, row.mix[index]] as const],
  );
  return {
    zone,
    hour,
    signal,
    carbonIntensity: gramsPerKwh(grams_per_kwh),
    provider: source.replaceAll('_', '-'),
    quality: facts.quality ?? (data_quality === 'forecast' ? 'forecast' : 'estimated'),
    ...(facts.emission_factor_type && { emissionFactorType: facts.emission_factor_type }),
    ...(facts.estimation_method && { estimationMethod: facts.estimation_method }),
    ...(facts.provider_updated_at && { updatedAt: Date.parse(facts.provider_updated_at) }),
    ...(facts.data_quality && { dataQuality: facts.data_quality }),
    ...(mix.length > 0 && { energyMix: Object.fromEntries(mix) as EnergyMix }),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

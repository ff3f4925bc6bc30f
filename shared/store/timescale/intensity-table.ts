import { z } from 'zod';
import {
  type DataQuality,
  ENERGY_SOURCES,
  type EnergyMix,
  type HourlyIntensity,
  QUALITIES,
  type Signal,
} from '../../grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type { IntensityReader, TimeRange } from '../../records/power.ts';
import type { TimescaleDatabase } from './database.ts';

/** The table of each signal, so that average and marginal are never mixed. */
export const INTENSITY_TABLES: Readonly<Record<Signal, string>> = {
  average: 'co2e_emissions',
  marginal: 'co2e_marginal_emissions',
};

/** Every signal that has a table. */
export const SIGNALS = ['average', 'marginal'] as const satisfies readonly Signal[];

/** What of `metadata` we read back. People may write to the table: what they did not say comes from the other columns. */
const metadataSchema = z
  .object({
    quality: z.enum(QUALITIES).optional().catch(undefined),
    emission_factor_type: z.enum(['lifecycle', 'direct']).optional().catch(undefined),
    estimation_method: z.string().optional().catch(undefined),
    provider_updated_at: z.iso.datetime().optional().catch(undefined),
    data_quality: z.enum(['forecast', 'historical']).optional().catch(undefined),
  })
  .catch({});

/** Columns of the energy mix, in the order of ENERGY_SOURCES; percent. */
export const MIX_COLUMNS = ENERGY_SOURCES.map((source) => `energy_mix_${source}`);

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

/** Reads carbon intensity by zone and hour, both signals. */
export function timescaleIntensityReader(database: TimescaleDatabase): IntensityReader {
  return {
    async intensities(zones: readonly Zone[], { from, to }: TimeRange): Promise<HourlyIntensity[]> {
      const found: HourlyIntensity[] = [];
      for (const signal of SIGNALS) {
        const rows = await database.query<Row>(
          `SELECT DISTINCT ON (zone, "timestamp") zone, (extract(epoch FROM "timestamp") * 1000)::float8 AS hour,
             gCO2_per_kWh::float8 AS grams_per_kwh, source, data_quality, metadata,
             ARRAY[${MIX_COLUMNS.map((column) => `${column}::float8`).join(', ')}] AS mix
           FROM ${INTENSITY_TABLES[signal]} WHERE zone = ANY($1) AND "timestamp" > $2 AND "timestamp" < $3
           ORDER BY zone, "timestamp", confidence_score DESC, updated_at DESC`,
          [zones, new Date(from - HOUR_MS), new Date(to)],
        );
        found.push(...rows.map((row) => reading(row, signal)));
      }
      return found.sort((a, b) => compare(a.zone, b.zone) || a.hour - b.hour || compare(a.signal, b.signal));
    },
    async zones() {
      const tables = SIGNALS.map((signal) => `SELECT zone FROM ${INTENSITY_TABLES[signal]}`).join(' UNION ');
      const rows = await database.query<{ zone: Zone }>(
        `SELECT zone FROM (${tables}) AS history ORDER BY zone COLLATE "C"`,
      );
      return rows.map((row) => row.zone);
    },
  };
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

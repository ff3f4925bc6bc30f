import { CONFIDENCE, ENERGY_SOURCES, type HourlyIntensity, type Signal } from '../../grid/intensity.ts';
import { hourOf, isoTime } from '../../grid/units.ts';
import type { Zone } from '../../grid/zones.ts';
import type { IntensityWriter } from '../../records/power.ts';
import type { Connection, TimescaleDatabase } from './database.ts';
import { INTENSITY_TABLES, MIX_COLUMNS, SIGNALS } from './intensity-table.ts';

/** A row of the table: an hour of a zone under one of its names. */
interface NamedHour extends HourlyIntensity {
  readonly region: string;
}

/** A sample of an hour that is at most this old counts as real time, an older one as back-filled history. */
const REAL_TIME = "INTERVAL '3 hours'";

const UPSERT = (table: string) => `
INSERT INTO ${table} AS kept (region, zone, "timestamp", gCO2_per_kWh, source, data_quality, confidence_score, metadata,
  ${MIX_COLUMNS.join(', ')})
SELECT region, zone, "timestamp", grams, source, coalesce(data_quality, CASE
    WHEN quality = 'forecast' THEN 'forecast'
    WHEN quality IN ('measured', 'estimated') AND "timestamp" > now() - ${REAL_TIME} THEN 'real_time'
    ELSE 'historical' END), confidence, metadata, ${ENERGY_SOURCES.map((source) => `(mix->>'${source}')::float8`).join(', ')}
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[], $5::text[], $6::text[], $7::float8[], $8::jsonb[],
  $9::text[], $10::jsonb[]) AS given (region, zone, "timestamp", grams, source, quality, confidence, metadata, data_quality, mix)
ON CONFLICT (region, "timestamp") DO UPDATE SET zone = excluded.zone, gCO2_per_kWh = excluded.gCO2_per_kWh,
  source = excluded.source, data_quality = excluded.data_quality, confidence_score = excluded.confidence_score,
  metadata = excluded.metadata,
  ${MIX_COLUMNS.map((column) => `${column} = CASE WHEN ${hasMix('excluded')} THEN excluded.${column} ELSE kept.${column} END`).join(', ')},
  updated_at = now()
WHERE excluded.confidence_score >= kept.confidence_score`;

/** Gives the grid zone to rows that people wrote under the name before the program knew it. */
const ADOPT = (table: string) =>
  `UPDATE ${table} SET zone = $2 WHERE region = $1 AND zone = region AND region <> $2::text`;

const COPIED = `source, data_quality, confidence_score, metadata, created_at, updated_at, gCO2_per_kWh, ${MIX_COLUMNS.join(', ')}`;
/** Copies what a zone has under its other names, so that a new name has the whole history. */
const COPY = (table: string) => `
INSERT INTO ${table} (region, zone, "timestamp", ${COPIED})
SELECT DISTINCT ON ("timestamp") $1::text, zone, "timestamp", ${COPIED} FROM ${table}
WHERE zone = $2 AND region <> $1::text ORDER BY "timestamp", confidence_score DESC, updated_at DESC
ON CONFLICT (region, "timestamp") DO NOTHING`;

/** Whether a row has any part of a mix: a known mix stays as a whole when the newer row has none. */
function hasMix(row: string): string {
  return `num_nonnulls(${MIX_COLUMNS.map((column) => `${row}.${column}`).join(', ')}) > 0`;
}

/** Writes carbon intensity by zone, hour and signal, a row for each name of the zone: the newest value wins, but never a worse quality. */
export function timescaleIntensityWriter(database: TimescaleDatabase): IntensityWriter {
  const known = new Set<string>();
  return {
    async record(samples) {
      const rows = samples.flatMap(named);
      if (rows.length === 0) return;
      const introduced = namesToIntroduce(samples, known);
      await database.transaction(async (connection) => {
        for (const signal of SIGNALS) {
          const table = INTENSITY_TABLES[signal];
          for (const { name, zone } of introduced) {
            await connection.query(ADOPT(table), [name, zone]);
            await connection.query(COPY(table), [name, zone]);
          }
          await upsert(connection, table, bestByHour(rows, signal));
        }
      });
      for (const { name } of introduced) known.add(name);
    },
  };
}

function named(sample: HourlyIntensity): NamedHour[] {
  return (sample.regionNames ?? [sample.zone]).map((region) => ({ ...sample, region }));
}

/** Names that this process has not written yet, other than zones' own codes. */
function namesToIntroduce(samples: readonly HourlyIntensity[], known: ReadonlySet<string>) {
  const names = new Map<string, Zone>();
  for (const { zone, regionNames = [] } of samples)
    for (const name of regionNames) if (!known.has(name)) names.set(name, zone);
  return [...names].map(([name, zone]) => ({ name, zone }));
}

/** One row per region and hour, by the same rule that the table has: one statement may not write a row twice. */
function bestByHour(rows: readonly NamedHour[], signal: Signal): NamedHour[] {
  const best = new Map<string, NamedHour>();
  for (const one of rows) {
    if (one.signal !== signal) continue;
    const key = `${one.region} ${hourOf(one.hour)}`;
    const before = best.get(key);
    if (before === undefined || CONFIDENCE[one.quality] >= CONFIDENCE[before.quality]) best.set(key, one);
  }
  return [...best.values()];
}

async function upsert(connection: Connection, table: string, rows: readonly NamedHour[]): Promise<void> {
  if (rows.length === 0) return;
  await connection.query(UPSERT(table), [
    rows.map(({ region }) => region),
    rows.map(({ zone }) => zone),
    rows.map(({ hour }) => new Date(hourOf(hour))),
    rows.map(({ carbonIntensity }) => carbonIntensity),
    // Clients of these tables know the providers with underscores.
    rows.map(({ provider }) => provider.replaceAll('-', '_')),
    rows.map(({ quality }) => quality),
    rows.map(({ quality }) => CONFIDENCE[quality]),
    rows.map(metadataOf),
    rows.map(({ dataQuality }) => dataQuality ?? null),
    rows.map(({ energyMix }) => (energyMix ? JSON.stringify(energyMix) : null)),
  ]);
}

function metadataOf(row: HourlyIntensity): string {
  const { signal, quality, emissionFactorType, estimationMethod, updatedAt, dataQuality } = row;
  return JSON.stringify({
    signal,
    quality,
    ...(emissionFactorType && { emission_factor_type: emissionFactorType }),
    ...(estimationMethod && { estimation_method: estimationMethod }),
    ...(dataQuality && dataQuality !== 'real_time' && { data_quality: dataQuality }),
    ...(updatedAt != null && { provider_updated_at: isoTime(updatedAt) }),
  });
}

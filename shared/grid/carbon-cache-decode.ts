import type { z } from 'zod';
import { type CachedRegion, type CarbonSnapshot, rankRegions } from './carbon-cache.ts';
import { cachedRegionSchema, cacheEnvelopeSchema, forecastPointSchema } from './carbon-cache-schema.ts';
import { parseInstant } from './instant.ts';
import { type ForecastPoint, MAX_INTENSITY } from './intensity.ts';
import { type EpochMs, gramsPerKwh } from './units.ts';
import { parseZone, type Zone } from './zones.ts';

/** The outcome of reading a document: a snapshot, or why there is none. */
export type DecodedCache = CarbonSnapshot | { readonly kind: 'missing'; readonly reason: string };

/**
 * Reads the document's text, also in the form without `schema_version` and with times that have no zone (UTC).
 * `missing` with a reason when it is torn, foreign, of another version, or without any usable region. A region or a
 * forecast point that cannot be used is left out and named in `issues`; values above `maxIntensity` gCO2eq/kWh cannot.
 */
export function decodeCarbonCache(text: string, maxIntensity: number = MAX_INTENSITY): DecodedCache {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'missing', reason: text.trim() === '' ? 'the file is empty' : 'the file is not whole JSON' };
  }
  const parsed = cacheEnvelopeSchema.safeParse(json);
  if (!parsed.success)
    return { kind: 'missing', reason: `not a carbon cache: ${firstIssue(parsed.error, 'document')}` };
  const issues: string[] = [];
  const regions = new Map<Zone, CachedRegion>();
  for (const [name, value] of Object.entries(parsed.data.regions)) {
    const region = decodeRegion(name, value, maxIntensity, issues);
    // Several names of one grid zone carry the same values.
    if (region && !regions.has(region.zone)) regions.set(region.zone, region);
  }
  if (regions.size === 0 && issues.length > 0) return { kind: 'missing', reason: `not a carbon cache: ${issues[0]}` };
  return {
    writtenAt: parseInstant(parsed.data.timestamp),
    ttlMs: parsed.data.ttl_minutes * 60_000,
    regions,
    ...rankRegions(regions.values()),
    issues,
  };
}

function decodeRegion(name: string, value: unknown, maxIntensity: number, issues: string[]): CachedRegion | undefined {
  const parsed = cachedRegionSchema.safeParse(value);
  if (!parsed.success) {
    issues.push(`regions.${name}.${firstIssue(parsed.error, 'region')}`);
    return undefined;
  }
  const region = parsed.data;
  if (region.carbonIntensity > maxIntensity) {
    issues.push(`regions.${name}.carbonIntensity: ${region.carbonIntensity} is above MAX_INTENSITY ${maxIntensity}`);
    return undefined;
  }
  const zone = zoneOf(name, region.gridZone);
  const isEstimated = region.isEstimated ?? true;
  const forecast = decodeForecast(name, region.forecast ?? [], maxIntensity, issues);
  return {
    zone,
    ...(name !== zone && { name }),
    carbonIntensity: gramsPerKwh(region.carbonIntensity),
    datetime: parseInstant(region.datetime),
    fetchedAt: parseInstant(region.timestamp),
    updatedAt: timeOrNull(region.updatedAt),
    createdAt: timeOrNull(region.createdAt),
    emissionFactorType: region.emissionFactorType,
    isEstimated,
    estimationMethod: region.estimationMethod ?? null,
    provider: region.provider,
    signal: region.signal,
    quality: region.quality ?? (isEstimated ? 'estimated' : 'measured'),
    ...(forecast.length > 0 && { forecast }),
    ...(region.forecastSource !== undefined && { forecastSource: region.forecastSource }),
  };
}

function decodeForecast(
  name: string,
  points: readonly unknown[],
  maxIntensity: number,
  issues: string[],
): ForecastPoint[] {
  const byTime = new Map<EpochMs, ForecastPoint>();
  for (const [index, value] of points.entries()) {
    const parsed = forecastPointSchema.safeParse(value);
    const point = parsed.success ? decodePoint(parsed.data) : undefined;
    if (point === undefined || point.carbonIntensity > maxIntensity || byTime.has(point.datetime)) {
      const problem = parsed.error
        ? firstIssue(parsed.error, 'point')
        : point && `${point.carbonIntensity} at a known time or above MAX_INTENSITY`;
      issues.push(`regions.${name}.forecast.${index}: ${problem}`);
      continue;
    }
    byTime.set(point.datetime, point);
  }
  return [...byTime.values()].sort((a, b) => a.datetime - b.datetime);
}

function decodePoint(point: z.output<typeof forecastPointSchema>): ForecastPoint {
  return {
    datetime: parseInstant(point.datetime),
    carbonIntensity: gramsPerKwh(point.carbonIntensity),
    ...(point.low != null && { low: gramsPerKwh(point.low) }),
    ...(point.high != null && { high: gramsPerKwh(point.high) }),
    ...(point.source != null && { source: point.source }),
  };
}

/** The grid zone that a region states, else the one that its name means, else the name itself. */
function zoneOf(name: string, gridZone: string | undefined): Zone {
  const parsed = parseZone(gridZone ?? name);
  return parsed.kind === 'malformed' ? (name as Zone) : parsed.zone;
}

function timeOrNull(text: string | null | undefined): EpochMs | null {
  return text == null ? null : parseInstant(text);
}

function firstIssue(error: z.ZodError, whole: string): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || whole}: ${issue?.message}`;
}

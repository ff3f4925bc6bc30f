import { type CarbonCacheDocument, carbonCacheSchema } from './carbon-cache-schema.ts';
import type { ForecastPoint, IntensitySample, Signal } from './intensity.ts';
import { type EpochMs, gramsPerKwh, isoTime } from './units.ts';
import type { Zone } from './zones.ts';

/** One zone of the cache: its reading, and its forecast where one is known. */
export interface CachedRegion extends IntensitySample {
  readonly forecast?: readonly ForecastPoint[];
  readonly forecastSource?: string;
}

/** What the cache file held when it was read; never changes. */
export interface CarbonSnapshot {
  readonly writtenAt: EpochMs;
  readonly ttlMs: number;
  readonly regions: ReadonlyMap<Zone, CachedRegion>;
  /** Zones of the majority signal, cleanest first. */
  readonly ranked: readonly Zone[];
  /** Zones of the other signal: known, but not comparable with the ranked ones. */
  readonly unranked: readonly Zone[];
}

/** A snapshot with its age, or why there is none. Age ≤ ttl is fresh. */
export type CacheState =
  | { readonly kind: 'fresh' | 'stale'; readonly snapshot: CarbonSnapshot; readonly ageMs: number }
  | { readonly kind: 'missing'; readonly reason: string };

/** How far ahead of our clock a document may be dated before it is taken for wrong. */
const CLOCK_SKEW_MS = 60_000;

/** Orders by carbon intensity, ties by zone code, and sets aside zones of the minority signal. */
export function rankRegions(regions: Iterable<IntensitySample>): { ranked: Zone[]; unranked: Zone[] } {
  const all = [...regions];
  const marginal = all.filter((region) => region.signal === 'marginal').length;
  const majority: Signal = marginal * 2 > all.length ? 'marginal' : 'average';
  const ranked = all
    .filter((region) => region.signal === majority)
    .sort((a, b) => a.carbonIntensity - b.carbonIntensity || (a.zone < b.zone ? -1 : 1));
  const unranked = all.filter((region) => region.signal !== majority).map((region) => region.zone);
  return { ranked: ranked.map((region) => region.zone), unranked: unranked.sort() };
}

/** Writes the document's text; undefined when there is no region, because an empty document says nothing. */
export function encodeCarbonCache(
  regions: readonly CachedRegion[],
  writtenAt: EpochMs,
  ttlMinutes: number,
): string | undefined {
  if (regions.length === 0) return undefined;
  const { ranked, unranked } = rankRegions(regions);
  const sorted = [...regions].sort((a, b) => (a.zone < b.zone ? -1 : 1));
  const document = {
    schema_version: 1,
    timestamp: isoTime(writtenAt),
    ttl_minutes: ttlMinutes,
    regions: Object.fromEntries(sorted.map((region) => [region.zone, encodeRegion(region)])),
    sorted_by_carbon: ranked,
    best_region: ranked[0] ?? null,
    worst_region: ranked.at(-1) ?? null,
    ...(unranked.length > 0 && { unranked }),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Reads the document's text; `missing` with a reason when it is torn, foreign, or of another version. */
export function decodeCarbonCache(
  text: string,
): CarbonSnapshot | { readonly kind: 'missing'; readonly reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'missing', reason: text.trim() === '' ? 'the file is empty' : 'the file is not whole JSON' };
  }
  const parsed = carbonCacheSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { kind: 'missing', reason: `not a carbon cache: ${issue?.path.join('.') || 'document'}: ${issue?.message}` };
  }
  return snapshotOf(parsed.data);
}

/** Tells the state of what was read at a time. A document dated in the future counts as missing. */
export function cacheState(read: ReturnType<typeof decodeCarbonCache>, now: EpochMs): CacheState {
  if ('kind' in read) return read;
  const ageMs = now - read.writtenAt;
  if (ageMs < -CLOCK_SKEW_MS)
    return { kind: 'missing', reason: `the file is dated in the future (${isoTime(read.writtenAt)})` };
  return { kind: ageMs <= read.ttlMs ? 'fresh' : 'stale', snapshot: read, ageMs: Math.max(0, ageMs) };
}

function encodeRegion(region: CachedRegion): CarbonCacheDocument['regions'][string] {
  return {
    zone: region.zone,
    carbonIntensity: region.carbonIntensity,
    datetime: isoTime(region.datetime),
    updatedAt: region.updatedAt === null ? null : isoTime(region.updatedAt),
    createdAt: region.createdAt === null ? null : isoTime(region.createdAt),
    emissionFactorType: region.emissionFactorType,
    isEstimated: region.isEstimated,
    estimationMethod: region.estimationMethod,
    timestamp: isoTime(region.fetchedAt),
    provider: region.provider,
    signal: region.signal,
    quality: region.quality,
    ...(region.forecast && {
      forecast: region.forecast.map((point) => ({ ...point, datetime: isoTime(point.datetime) })),
    }),
    ...(region.forecastSource && { forecastSource: region.forecastSource }),
  };
}

function snapshotOf(document: CarbonCacheDocument): CarbonSnapshot {
  const regions = new Map<Zone, CachedRegion>();
  for (const [code, region] of Object.entries(document.regions))
    regions.set(code as Zone, decodeRegion(code as Zone, region));
  return {
    writtenAt: Date.parse(document.timestamp),
    ttlMs: document.ttl_minutes * 60_000,
    regions,
    ...rankRegions(regions.values()),
  };
}

function decodeRegion(zone: Zone, region: CarbonCacheDocument['regions'][string]): CachedRegion {
  const time = (text: string | null | undefined) => (text == null ? null : Date.parse(text));
  return {
    zone,
    carbonIntensity: gramsPerKwh(region.carbonIntensity),
    datetime: Date.parse(region.datetime),
    fetchedAt: Date.parse(region.timestamp),
    updatedAt: time(region.updatedAt),
    createdAt: time(region.createdAt),
    emissionFactorType: region.emissionFactorType,
    isEstimated: region.isEstimated,
    estimationMethod: region.estimationMethod ?? null,
    provider: region.provider,
    signal: region.signal,
    quality: region.quality,
    ...(region.forecast && { forecast: region.forecast.map(decodeForecastPoint) }),
    ...(region.forecastSource !== undefined && { forecastSource: region.forecastSource }),
  };
}

function decodeForecastPoint(
  point: NonNullable<CarbonCacheDocument['regions'][string]['forecast']>[number],
): ForecastPoint {
  return {
    datetime: Date.parse(point.datetime),
    carbonIntensity: gramsPerKwh(point.carbonIntensity),
    ...(point.low !== undefined && { low: gramsPerKwh(point.low) }),
    ...(point.high !== undefined && { high: gramsPerKwh(point.high) }),
    ...(point.source !== undefined && { source: point.source }),
  };
}

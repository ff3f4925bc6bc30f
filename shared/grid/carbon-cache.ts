import type { ForecastPoint, IntensitySample, Signal } from './intensity.ts';
import { type EpochMs, isoTime } from './units.ts';
import type { Zone } from './zones.ts';

/** One zone of the cache: its sample, and its forecast where one is known. */
export interface CachedRegion extends IntensitySample {
  /** The name that `ZONES` has for the zone, which is the key in the document; absent: the zone's own code. */
  readonly name?: string;
  readonly forecast?: readonly ForecastPoint[];
  readonly forecastSource?: string;
}

/** The content of the cache file when it was read; immutable. */
export interface CarbonSnapshot {
  readonly writtenAt: EpochMs;
  readonly ttlMs: number;
  /** By grid zone; `parseZone` finds the grid zone of every name. */
  readonly regions: ReadonlyMap<Zone, CachedRegion>;
  /** Zones of the majority signal, cleanest first. */
  readonly ranked: readonly Zone[];
  /** Zones of the other signal: known, but not comparable with the ranked ones. */
  readonly unranked: readonly Zone[];
  /** Regions and forecast points that could not be used and were left out, one sentence each; absent or empty: none. */
  readonly issues?: readonly string[];
}

/** A snapshot with its age, or why there is none. Age ≤ ttl is fresh. */
export type CacheState =
  | { readonly kind: 'fresh' | 'stale'; readonly snapshot: CarbonSnapshot; readonly ageMs: number }
  | { readonly kind: 'missing'; readonly reason: string };

/** How the document is written. */
export interface CacheFormat {
  readonly ttlMinutes: number;
  /** Times of writing and fetching without milliseconds and zone (they are UTC), for readers that parse no other form. */
  readonly naive?: boolean | undefined;
}

/** How far ahead of our clock a document may be dated before it counts as missing. */
const CLOCK_SKEW_MS = 60_000;

/** Orders by carbon intensity, ties by name, and sets aside zones of the minority signal; a tie of signals is average. */
export function rankRegions(regions: Iterable<CachedRegion>): { ranked: Zone[]; unranked: Zone[] } {
  const { ranked, unranked } = byRank([...regions]);
  return { ranked: ranked.map(({ zone }) => zone), unranked: unranked.map(({ zone }) => zone) };
}

/** The document's text, keyed by the names of the regions; undefined when there is no region. */
export function encodeCarbonCache(
  regions: readonly CachedRegion[],
  writtenAt: EpochMs,
  format: CacheFormat | number,
): string | undefined {
  if (regions.length === 0) return undefined;
  const { ttlMinutes, naive = false } = typeof format === 'number' ? { ttlMinutes: format } : format;
  const { ranked, unranked } = byRank(regions);
  const sorted = [...regions].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const document = {
    schema_version: 1,
    timestamp: writtenTime(writtenAt, naive),
    ttl_minutes: ttlMinutes,
    regions: Object.fromEntries(sorted.map((region) => [nameOf(region), encodeRegion(region, naive)])),
    sorted_by_carbon: ranked.map(nameOf),
    best_region: ranked.map(nameOf)[0],
    worst_region: ranked.map(nameOf).at(-1),
    ...(unranked.length > 0 && { unranked: unranked.map(nameOf) }),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** The state of what was read, at a time. A document dated in the future counts as missing. */
export function cacheState(
  read: CarbonSnapshot | { readonly kind: 'missing'; readonly reason: string },
  now: EpochMs,
): CacheState {
  if ('kind' in read) return read;
  const ageMs = now - read.writtenAt;
  if (ageMs < -CLOCK_SKEW_MS)
    return { kind: 'missing', reason: `the file is dated in the future (${isoTime(read.writtenAt)})` };
  return { kind: ageMs <= read.ttlMs ? 'fresh' : 'stale', snapshot: read, ageMs: Math.max(0, ageMs) };
}

function byRank(regions: readonly CachedRegion[]): { ranked: CachedRegion[]; unranked: CachedRegion[] } {
  const byName = (a: CachedRegion, b: CachedRegion) => (nameOf(a) < nameOf(b) ? -1 : 1);
  const marginal = regions.filter((region) => region.signal === 'marginal').length;
  const majority: Signal = marginal * 2 > regions.length ? 'marginal' : 'average';
  return {
    ranked: regions
      .filter((region) => region.signal === majority)
      .sort((a, b) => a.carbonIntensity - b.carbonIntensity || byName(a, b)),
    unranked: regions.filter((region) => region.signal !== majority).sort(byName),
  };
}

function nameOf({ name, zone }: CachedRegion): string {
  return name ?? zone;
}

function encodeRegion(region: CachedRegion, naive: boolean): object {
  const time = (of: EpochMs) => (naive ? isoTime(of).replace(/\.\d+/, '') : isoTime(of));
  return {
    zone: nameOf(region),
    gridZone: region.zone,
    carbonIntensity: region.carbonIntensity,
    datetime: time(region.datetime),
    // Readers rely on texts here: without the provider's own times it is when the value was fetched.
    updatedAt: time(region.updatedAt ?? region.fetchedAt),
    createdAt: time(region.createdAt ?? region.fetchedAt),
    emissionFactorType: region.emissionFactorType,
    isEstimated: region.isEstimated,
    estimationMethod: region.estimationMethod,
    timestamp: writtenTime(region.fetchedAt, naive),
    provider: region.provider,
    signal: region.signal,
    quality: region.quality,
    ...(region.forecast && {
      forecast: region.forecast.map((point) => ({ ...point, datetime: time(point.datetime) })),
    }),
    ...(region.forecastSource && { forecastSource: region.forecastSource }),
  };
}

function writtenTime(time: EpochMs, naive: boolean): string {
  return naive ? isoTime(time).slice(0, 19) : isoTime(time);
}

import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type CachedRegion, encodeCarbonCache } from '../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import { supersedes } from '../../shared/grid/intensity.ts';
import { HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { makeFolder } from '../../shared/runtime/folders.ts';
import type { NamedZone } from './zone-names.ts';

/** The one writer of the cache file: keeps each zone's last good sample until it is older than the TTL. */
export interface CacheWriter {
  /** Regions that an earlier poller wrote and that are still good. */
  readonly inherited: ReadonlyMap<Zone, CachedRegion>;
  /** Merges new samples into the document and writes it; resolves with the zones in it, empty when there are none and nothing was written. */
  write(fresh: readonly CachedRegion[]): Promise<readonly Zone[]>;
}

/** What the cache writer needs. */
export interface CacheWriterOptions {
  readonly file: string;
  readonly ttlMinutes: number;
  /** Whether times are written without a zone, see CACHE_TIMESTAMPS. */
  readonly naive?: boolean;
  /** The names that are published, with their grid zones. */
  readonly named: readonly NamedZone[];
  readonly clock: Clock;
  /** Largest intensity that is taken over from an earlier poller, in gCO2eq/kWh. */
  readonly maxIntensity?: number;
}

/** Opens the cache file for writing: takes over the samples of an earlier poller that are still good, and removes its temporary files. */
export async function openCacheWriter(options: CacheWriterOptions): Promise<CacheWriter> {
  const { file, ttlMinutes, naive, named, clock, maxIntensity } = options;
  await makeFolder(dirname(file));
  await removeLeftovers(file);
  const wanted = new Set(named.map(({ zone }) => zone));
  const known = new Map<Zone, CachedRegion>();
  for (const region of await readRegions(file, maxIntensity))
    if (wanted.has(region.zone)) known.set(region.zone, region);
  const inherited: ReadonlyMap<Zone, CachedRegion> = new Map(known);
  const inheritedUntil = clock.now() + HOUR_MS;
  return {
    inherited,
    async write(fresh) {
      const now = clock.now();
      for (const region of fresh) {
        const full = now < inheritedUntil ? withForecastOf(inherited.get(region.zone), region, now) : region;
        if (mayReplace(region, known.get(region.zone), now, ttlMinutes)) known.set(region.zone, full);
      }
      for (const [zone, region] of known) if (!isCurrent(region, now, ttlMinutes)) known.delete(zone);
      const text = encodeCarbonCache(underNames(known, named), now, { ttlMinutes, naive });
      // World-readable: the extender may run under another uid.
      if (text !== undefined) await writeFileAtomic(file, text, { mode: 0o644, fsync: true });
      return [...known.keys()];
    },
  };
}

/** A region with the forecast that an earlier poller wrote for the same provider, so that there is one right after a restart. */
function withForecastOf(before: CachedRegion | undefined, region: CachedRegion, now: number): CachedRegion {
  if (region.forecast || !before?.forecast || before.provider !== region.provider) return region;
  const forecast = before.forecast.filter(({ datetime }) => datetime + HOUR_MS > now);
  const { forecastSource } = before;
  return forecast.length > 0 ? { ...region, forecast, ...(forecastSource && { forecastSource }) } : region;
}

/** An estimate does not replace a measurement of the same time while that is still good; between providers, of the same hour. */
function mayReplace(next: CachedRegion, known: CachedRegion | undefined, now: number, ttlMinutes: number): boolean {
  if (!known || !isCurrent(known, now, ttlMinutes)) return true;
  const same = known.provider === next.provider ? (time: number) => time : hourOf;
  return same(known.datetime) !== same(next.datetime) || supersedes(next, known);
}

function isCurrent(region: CachedRegion, now: number, ttlMinutes: number): boolean {
  const age = now - region.fetchedAt;
  return age <= ttlMinutes * 60_000 && age >= -60_000;
}

/** Every name of ZONES with the region of its grid zone. */
function underNames(known: ReadonlyMap<Zone, CachedRegion>, named: readonly NamedZone[]): CachedRegion[] {
  return named.flatMap(({ name, zone }) => {
    const region = known.get(zone);
    return region ? [{ ...region, name }] : [];
  });
}

async function readRegions(file: string, maxIntensity: number | undefined): Promise<Iterable<CachedRegion>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const read = decodeCarbonCache(text, maxIntensity);
  return 'kind' in read ? [] : read.regions.values();
}

/** write-file-atomic names its temporary files FILE.DIGITS; a kill in the middle of a write leaves one behind. */
async function removeLeftovers(file: string): Promise<void> {
  const prefix = `${basename(file)}.`;
  for (const name of await readdir(dirname(file))) {
    if (name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      await rm(join(dirname(file), name), { force: true });
  }
}

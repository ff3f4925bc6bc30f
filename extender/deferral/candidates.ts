import type { Candidate } from '../../shared/deferral/plan.ts';
import type { CachedRegion, CacheState } from '../../shared/grid/carbon-cache.ts';
import type { ForecastPoint } from '../../shared/grid/intensity.ts';
import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';

/** The forecasts of the zones that a piece of work may run in; `lost` where none is known, and why. */
export type ForecastView =
  | { readonly kind: 'lost'; readonly reason: 'stale' | 'missing' | 'zone-unknown' }
  | { readonly kind: 'known'; readonly candidates: readonly Candidate[] };

/**
 * The zones that work may run in, with their forecasts: those of the cluster, narrowed by the work's own allow-list.
 * Where no node's zone is known, the only zone of the document is taken; of several none, since that would be a guess.
 */
export function forecastViewOf(
  cache: CacheState,
  clusterZones: readonly Zone[],
  allowed: readonly Zone[] | undefined,
  now: EpochMs,
): ForecastView {
  if (cache.kind !== 'fresh') return { kind: 'lost', reason: cache.kind };
  const { regions, ranked } = cache.snapshot;
  const known = ranked.filter((zone) => clusterZones.includes(zone));
  const possible = clusterZones.length === 0 && ranked.length === 1 ? ranked : known;
  const zones = allowed === undefined ? possible : possible.filter((zone) => allowed.includes(zone));
  if (zones.length === 0) return { kind: 'lost', reason: 'zone-unknown' };
  const candidates = zones.map((zone) => {
    const region = regions.get(zone);
    return { zone, forecast: region ? withPresent(region, now) : [] };
  });
  return { kind: 'known', candidates };
}

/**
 * A forecast that begins with the present hour: its intensity sample, else what was forecast for it, else the last
 * sample. Nothing is added to an empty forecast.
 */
function withPresent(
  { forecast = [], carbonIntensity, datetime }: CachedRegion,
  now: EpochMs,
): readonly ForecastPoint[] {
  const present = hourOf(now);
  const from = forecast.filter((point) => point.datetime >= present);
  const ahead = from.filter((point) => point.datetime > present);
  if (ahead.length === 0 || (from.length > ahead.length && datetime < present)) return from;
  return [{ datetime: present, carbonIntensity }, ...ahead];
}

import type { Candidate } from '../../shared/deferral/plan.ts';
import type { CachedRegion, CacheState } from '../../shared/grid/carbon-cache.ts';
import type { ForecastPoint } from '../../shared/grid/intensity.ts';
import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { ANY_ZONE } from './waiting-work.ts';

/** The forecasts of the zones that a piece of work may run in; `lost` where none is known, and why. */
export type ForecastView =
  | { readonly kind: 'lost'; readonly reason: 'stale' | 'missing' | 'zone-unknown' }
  | { readonly kind: 'known'; readonly candidates: readonly Candidate[] };

/** Where a piece of work may run. */
export type Places =
  /** Its scheduler prefers clean nodes: the plan may count on the cleanest of these zones. */
  | { readonly kind: 'cleanest'; readonly zones: readonly Zone[] }
  /** Its scheduler does not know of carbon: it may be put on any of these nodes, counted by zone. */
  | { readonly kind: 'any'; readonly nodes: ReadonlyMap<Zone, number>; readonly unknown: number };

/**
 * The forecasts of the places that work can be put. `allowed` is the work's own allow-list of zones, which only a scheduler
 * that places by carbon follows. Where no node's zone is known, the only zone of the document is taken; of several none,
 * since that would be a guess.
 */
export function forecastViewOf(
  cache: CacheState,
  places: Places,
  allowed: readonly Zone[] | undefined,
  now: EpochMs,
): ForecastView {
  if (cache.kind !== 'fresh') return { kind: 'lost', reason: cache.kind };
  const { regions, ranked } = cache.snapshot;
  const candidateOf = (zone: Zone): Candidate => {
    const region = regions.get(zone);
    return { zone, forecast: region ? withPresent(region, now) : [] };
  };
  if (places.kind === 'any') {
    const zones = [...places.nodes.keys()];
    const isKnown = zones.length > 0 && places.unknown === 0 && zones.every((zone) => ranked.includes(zone));
    if (!isKnown) return { kind: 'lost', reason: 'zone-unknown' };
    if (zones.length === 1) return { kind: 'known', candidates: zones.map(candidateOf) };
    return { kind: 'known', candidates: [meanCandidate(zones.map(candidateOf), places.nodes)] };
  }
  const known = ranked.filter((zone) => places.zones.includes(zone));
  const possible = places.zones.length === 0 && ranked.length === 1 ? ranked : known;
  const zones = allowed === undefined ? possible : possible.filter((zone) => allowed.includes(zone));
  if (zones.length === 0) return { kind: 'lost', reason: 'zone-unknown' };
  return { kind: 'known', candidates: zones.map(candidateOf) };
}

/** The expectation where any node may be chosen: each zone weighted by its nodes, for the hours that all zones have. */
function meanCandidate(candidates: readonly Candidate[], nodes: ReadonlyMap<Zone, number>): Candidate {
  const [first, ...others] = candidates.map(({ zone, forecast }) => ({
    nodes: nodes.get(zone) ?? 0,
    forecast,
    byHour: new Map(forecast.map((point) => [point.datetime, point.carbonIntensity])),
  }));
  if (!first) return { zone: ANY_ZONE, forecast: [] };
  const total = [...nodes.values()].reduce((sum, count) => sum + count, 0);
  const forecast = first.forecast.flatMap((point): ForecastPoint[] => {
    let sum = point.carbonIntensity * first.nodes;
    for (const { byHour, nodes: count } of others) {
      const intensity = byHour.get(point.datetime);
      if (intensity === undefined) return [];
      sum += intensity * count;
    }
    return [{ datetime: point.datetime, carbonIntensity: (sum / total) as ForecastPoint['carbonIntensity'] }];
  });
  return { zone: ANY_ZONE, forecast };
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

import { z } from 'zod';
import type { CachedRegion, CacheState } from '../../../shared/grid/carbon-cache.ts';
import { QUALITIES } from '../../../shared/grid/intensity.ts';
import { type EpochMs, isoTime } from '../../../shared/grid/units.ts';
import { countryOf } from '../../../shared/grid/zones.ts';
import type { Operation } from '../openapi/operation.ts';
import type { ApiDependencies, Route } from '../route.ts';

const zoneNow = z.strictObject({
  zone: z.string(),
  name: z.string().describe('As written in ZONES: a cloud region, another spelling, or the zone itself'),
  country: z.string(),
  rank: z.int().positive().nullable().describe('1 is the cleanest; null: of another signal, not comparable'),
  intensity_g_per_kwh: z.number().nonnegative(),
  datetime: z.iso.datetime().describe('Start of the time that the value describes'),
  fetched_at: z.iso.datetime(),
  age_seconds: z.number().nonnegative().describe('Since the value was fetched'),
  quality: z.enum(QUALITIES),
  provider: z.string(),
  signal: z.enum(['average', 'marginal']),
  factor_type: z.enum(['lifecycle', 'direct']),
  estimation_method: z.string().nullable(),
  forecast_hours: z.int().nonnegative(),
});

/** Response of `GET /api/grid`. */
export const gridResponse = z.strictObject({
  state: z.enum(['fresh', 'stale', 'missing']).describe('Of the carbon cache: only a fresh one steers pods'),
  reason: z.string().nullable().describe('Why it is missing'),
  written_at: z.iso.datetime().nullable(),
  age_seconds: z.number().nonnegative().nullable(),
  ttl_seconds: z.number().positive().nullable().describe('Age from which the data is stale'),
  simulated: z.boolean().describe('Some value is simulated for a demonstration'),
  simulated_power: z
    .boolean()
    .nullable()
    .describe('Power of some container in the last day is simulated; null until this is known'),
  zones: z.array(zoneNow).describe('Cleanest first, then those that are not comparable'),
});

/** The state of the grid, as the response has it. */
export type GridNow = z.output<typeof gridResponse>;

/** `GET /api/grid`, as the API's description shows it. */
export const gridOperation: Operation = {
  method: 'GET',
  path: '/api/grid',
  tag: 'grid',
  summary: 'Current carbon intensity of every zone, ranked, and the state of the cache',
  response: { description: 'Zones by rank; empty while the cache is missing', schema: gridResponse },
};

/** `GET /api/grid`: the carbon cache that decisions are made from, as of now. */
export function gridRoute({ cache, clock }: ApiDependencies, simulatedPower: () => boolean | null): Route {
  return {
    operation: gridOperation,
    async handle(_request, response) {
      response.json(gridNow(cache?.() ?? NOT_WATCHED, clock.now(), simulatedPower()));
    },
  };
}

/** What an API without a cache file says of it. */
export const NOT_WATCHED: CacheState = { kind: 'missing', reason: 'no cache file is watched' };

/** The response for a state of the cache. */
export function gridNow(state: CacheState, now: EpochMs, simulatedPower: boolean | null): GridNow {
  if (state.kind === 'missing') {
    const nothing = { written_at: null, age_seconds: null, ttl_seconds: null, simulated: false, zones: [] };
    return { state: 'missing', reason: state.reason, ...nothing, simulated_power: simulatedPower };
  }
  const { regions, ranked, unranked, writtenAt, ttlMs } = state.snapshot;
  const zones = [...ranked, ...unranked].flatMap((zone, index) => {
    const region = regions.get(zone);
    return region === undefined ? [] : [zoneJson(region, index < ranked.length ? index + 1 : null, now)];
  });
  return {
    state: state.kind,
    reason: null,
    written_at: isoTime(writtenAt),
    age_seconds: state.ageMs / 1000,
    ttl_seconds: ttlMs / 1000,
    simulated: zones.some(({ quality }) => quality === 'simulated'),
    simulated_power: simulatedPower,
    zones,
  };
}

function zoneJson(region: CachedRegion, rank: number | null, now: EpochMs): GridNow['zones'][number] {
  return {
    zone: region.zone,
    name: region.name ?? region.zone,
    country: countryOf(region.zone),
    rank,
    intensity_g_per_kwh: region.carbonIntensity,
    datetime: isoTime(region.datetime),
    fetched_at: isoTime(region.fetchedAt),
    age_seconds: Math.max(0, now - region.fetchedAt) / 1000,
    quality: region.quality,
    provider: region.provider,
    signal: region.signal,
    factor_type: region.emissionFactorType,
    estimation_method: region.estimationMethod,
    forecast_hours: region.forecast?.length ?? 0,
  };
}

import { z } from 'zod';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { HourlyIntensity } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, hourOf, isoTime } from '../../shared/grid/units.ts';
import { countryOf } from '../../shared/grid/zones.ts';
import { zoneCode } from './co2-request.ts';
import { instant } from './instant.ts';
import type { Operation } from './openapi/operation.ts';
import { intensitiesResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

const query = z.strictObject({
  country: zoneCode.optional(),
  start_time: instant.optional(),
  end_time: instant.optional(),
});

/** `GET /api/co2-intensities`, as the API's description shows it. */
export const co2IntensitiesOperation: Operation = {
  method: 'GET',
  path: '/api/co2-intensities',
  tag: 'emissions',
  summary: 'Carbon intensity by zone and hour',
  description: 'The last 24 hours unless a range is given.',
  query,
  response: { description: 'Known hours, and present values that no history holds', schema: intensitiesResponse },
};

/**
 * `GET /api/co2-intensities`: recorded intensities by zone and hour; the last 24 hours unless a range is given. A zone
 * without history of the present hour has its present value beside them, marked as coming from the cache.
 */
export function co2IntensitiesRoute({ store, clock, cache }: ApiDependencies): Route {
  return {
    operation: co2IntensitiesOperation,
    async handle(request, response) {
      const { country, start_time, end_time } = checked(query, request.query, (input) =>
        Date.parse(String(input.end_time)) <= Date.parse(String(input.start_time))
          ? [{ pointer: '/end_time', detail: 'is not after start_time' }]
          : [],
      );
      const to = end_time ? Date.parse(end_time) : clock.now() + 1;
      const from = start_time ? Date.parse(start_time) : to - 1 - 24 * HOUR_MS;
      const tracked = await store.zones();
      const zones = country ? tracked.filter((zone) => zone === country || countryOf(zone) === country) : tracked;
      const hours = await store.intensities(zones, { from, to });
      const now = clock.now();
      const present = cache !== undefined && from <= now && now <= to ? presentValues(cache(), hourOf(now)) : [];
      const known = new Set(hours.filter(({ hour }) => hour === hourOf(now)).map(({ zone }) => zone));
      response.json([
        ...hours.map((value) => json(value, { origin: 'history' })),
        ...present
          .filter(({ zone }) => !known.has(zone) && (!country || zone === country || countryOf(zone) === country))
          .map((value) => json(value, { origin: 'cache', ...(value.year !== undefined && { year: value.year }) })),
      ]);
    },
  };
}

function json({ zone, hour, carbonIntensity, quality, provider, signal }: HourlyIntensity, more: object) {
  const value = { country: countryOf(zone), zone, hour: isoTime(hour), value: carbonIntensity };
  return { ...value, unit: 'gCO2eq/kWh', quality, provider, signal, ...more };
}

/** Values of a fresh cache document; a yearly average with its year. */
function presentValues(state: CacheState, hour: EpochMs): (HourlyIntensity & { year: number | undefined })[] {
  if (state.kind !== 'fresh') return [];
  return [...state.snapshot.regions.values()].map(({ zone, carbonIntensity, provider, signal, quality, datetime }) => {
    const year = quality === 'yearly-average' ? new Date(datetime).getUTCFullYear() : undefined;
    return { zone, hour, carbonIntensity, provider, signal, quality, year };
  });
}

import { z } from 'zod';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import { instant } from '../../shared/grid/instant.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { countryOf, type Zone } from '../../shared/grid/zones.ts';
import type { IntensityReader, TimeRange } from '../../shared/records/power.ts';
import { requestedZone } from './co2-request.ts';
import { type IntensityGrouping, intensityRows, latestIntensityRows, type ZoneHour } from './intensity-rows.ts';
import type { Operation } from './openapi/operation.ts';
import { intensitiesResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { timeOrderIssues } from './time-order.ts';

const query = z.strictObject({
  country: requestedZone.optional().meta({ description: 'Only this country, or only this zone' }),
  by: z
    .enum(['country', 'zone'], { error: 'is not one of country, zone' })
    .default('country')
    .describe('country: the mean of its tracked zones; zone: each zone'),
  start_time: instant.optional().describe('With it or end_time: every hour of the range instead of the latest'),
  end_time: instant.optional(),
});

/** `GET /api/co2-intensities`, as the API's description shows it. */
export const co2IntensitiesOperation: Operation = {
  method: 'GET',
  path: '/api/co2-intensities',
  tag: 'emissions',
  summary: 'Latest known carbon intensity of every tracked country',
  description:
    'One row for each country: the mean of its tracked zones in the latest hour for which they are known; zones has those that are in it. by=zone: one row for each zone. start_time and end_time: every known hour of the range, oldest first. Marginal values are never averaged with average ones.',
  query,
  response: { description: 'Known hours', schema: intensitiesResponse },
};

/** The latest hour is looked for in a day first, and where a zone has none in it, in a month. */
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 31 * DAY_MS;

/**
 * `GET /api/co2-intensities`: the latest known hour of each tracked country or zone, or the hours of a range. A zone
 * without history of the present hour has its present value from the cache, marked as such.
 */
export function co2IntensitiesRoute({ store, clock, cache }: ApiDependencies): Route {
  return {
    operation: co2IntensitiesOperation,
    async handle(request, response) {
      const { country, by, start_time, end_time } = checked(query, request.query, (input) => timeOrderIssues(input));
      const now = clock.now();
      const wanted = (zone: Zone) => country === undefined || zone === country.zone || countryOf(zone) === country.zone;
      const grouping: IntensityGrouping = {
        by,
        countryOf: (zone) => (countryOf(zone) === country?.zone ? country.code : countryOf(zone)),
      };
      const zones = (await store.zones()).filter(wanted);
      const present = presentValues(cache?.(), now).filter(({ zone }) => wanted(zone));
      if (start_time === undefined && end_time === undefined) {
        response.json(latestIntensityRows(withPresent(await latest(store, zones, now), present), grouping));
        return;
      }
      const to = end_time ?? now + 1;
      const range = { from: start_time ?? to - DAY_MS, to };
      const known = await history(store, zones, range);
      response.json(intensityRows(range.from <= now && now < to ? withPresent(known, present) : known, grouping));
    },
  };
}

async function latest(store: IntensityReader, zones: readonly Zone[], now: EpochMs): Promise<ZoneHour[]> {
  const day = await history(store, zones, { from: now - DAY_MS, to: now + 1 });
  const found = new Set(day.map(({ zone }) => zone));
  const missing = zones.filter((zone) => !found.has(zone));
  if (missing.length === 0) return day;
  return [...day, ...(await history(store, missing, { from: now - MONTH_MS, to: now + 1 }))];
}

async function history(store: IntensityReader, zones: readonly Zone[], range: TimeRange): Promise<ZoneHour[]> {
  const hours = await store.intensities(zones, range);
  return hours.map((hour) => ({ ...hour, origin: 'history' }));
}

/** History, with the present value of each zone whose present hour it lacks; a yearly average only where it has nothing. */
function withPresent(known: readonly ZoneHour[], present: readonly ZoneHour[]): ZoneHour[] {
  const recorded = new Set(known.map(({ zone }) => zone));
  const hours = new Set(known.map(({ zone, hour }) => `${zone} ${hour}`));
  const added = present.filter(({ zone, hour, quality }) =>
    quality === 'yearly-average' ? !recorded.has(zone) : !hours.has(`${zone} ${hour}`),
  );
  return [...known, ...added];
}

/** Values of a fresh cache document, as of the present hour. */
function presentValues(state: CacheState | undefined, now: EpochMs): ZoneHour[] {
  if (state?.kind !== 'fresh') return [];
  return [...state.snapshot.regions.values()].map(({ zone, carbonIntensity, provider, signal, quality, datetime }) => {
    const year = quality === 'yearly-average' ? new Date(datetime).getUTCFullYear() : undefined;
    return { zone, hour: hourOf(now), carbonIntensity, provider, signal, quality, year, origin: 'cache' };
  });
}

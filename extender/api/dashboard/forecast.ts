import { z } from 'zod';
import { bestSlot, windowMean } from '../../../shared/deferral/plan.ts';
import type { CachedRegion } from '../../../shared/grid/carbon-cache.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { countryOf } from '../../../shared/grid/zones.ts';
import { zoneCode } from '../co2-request.ts';
import { wholeNumber } from '../numbers.ts';
import type { Operation } from '../openapi/operation.ts';
import { checked } from '../problem.ts';
import type { ApiDependencies, Route } from '../route.ts';

const query = z.strictObject({
  zone: zoneCode.optional().meta({ description: 'Only this zone, or the zones of this country' }),
  hours: wholeNumber(1, 24).default(3).describe('Length of the best window in hours'),
});

const grams = z.number();
const window = z.strictObject({ start: z.iso.datetime(), end: z.iso.datetime(), mean_g_per_kwh: grams });

/** Response of `GET /api/forecast`. */
export const forecastResponse = z.strictObject({
  state: z.enum(['fresh', 'stale', 'missing']),
  hours: z.int().positive(),
  zones: z.array(
    z.strictObject({
      zone: z.string(),
      source: z.string().nullable(),
      points: z.array(
        z.strictObject({
          hour: z.iso.datetime(),
          value: grams.describe('gCO2eq/kWh'),
          low: grams.nullable().describe('Lower bound; null: the source has none'),
          high: grams.nullable(),
        }),
      ),
      best: window.nullable().describe('Window ahead with the lowest mean intensity; null: the forecast is too short'),
      now_mean_g_per_kwh: grams.nullable().describe('Mean of a window that starts now; null: not covered'),
    }),
  ),
});

/** `GET /api/forecast`, as the API's description shows it. */
export const forecastOperation: Operation = {
  method: 'GET',
  path: '/api/forecast',
  tag: 'grid',
  summary: 'Forecast of carbon intensity by zone, with its band and the best window ahead',
  query,
  response: { description: 'Zones that have a forecast', schema: forecastResponse },
};

/** `GET /api/forecast`: the hours ahead by zone, and the best window of a length in each. */
export function forecastRoute({ cache, clock }: ApiDependencies): Route {
  return {
    operation: forecastOperation,
    async handle(request, response) {
      const { zone, hours } = checked(query, request.query);
      const state = cache?.() ?? { kind: 'missing' as const };
      const now = clock.now();
      const regions = state.kind === 'missing' ? [] : [...state.snapshot.regions.values()];
      const wanted = regions.filter((region) => !zone || region.zone === zone || countryOf(region.zone) === zone);
      response.json({ state: state.kind, hours, zones: wanted.flatMap((region) => ahead(region, hours, now)) });
    },
  };
}

function ahead({ zone, forecast = [], forecastSource }: CachedRegion, hours: number, now: EpochMs) {
  if (forecast.length === 0) return [];
  const durationMs = hours * HOUR_MS;
  const last = Math.max(...forecast.map(({ datetime }) => datetime)) + HOUR_MS;
  const best = bestSlot({ now, durationHours: hours, latestStart: last, candidates: [{ zone, forecast }] });
  return [
    {
      zone,
      source: forecastSource ?? null,
      points: forecast.map(({ datetime, carbonIntensity, low = null, high = null }) => ({
        hour: isoTime(datetime),
        value: carbonIntensity,
        low,
        high,
      })),
      best: best
        ? { start: isoTime(best.start), end: isoTime(best.start + durationMs), mean_g_per_kwh: best.expected }
        : null,
      now_mean_g_per_kwh: windowMean(forecast, now, durationMs) ?? null,
    },
  ];
}

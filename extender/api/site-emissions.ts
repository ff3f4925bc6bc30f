import { z } from 'zod';
import { countryIntensities, ownCode } from '../../shared/emissions/country-intensity.ts';
import type { IntensityAt } from '../../shared/emissions/pricing.ts';
import { worstQuality } from '../../shared/grid/intensity.ts';
import { isoTime, JOULES_PER_KWH } from '../../shared/grid/units.ts';
import {
  type DeviceHour,
  type MeteredEmissions,
  meteredEmissions,
  SiteEnergy,
} from '../../shared/meters/site-energy.ts';
import type { MeterReadingsCursor, MeterReadingsReader } from '../../shared/records/meter-readings.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import type { Operation } from './openapi/operation.ts';
import { siteEmissionsResponse } from './openapi/readings-responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';
import { rangeIssues, rangeQuery, requestedRange } from './site-range.ts';
import { knownSite, siteIssues, sitePath } from './sites.ts';

const MAX_DAYS = 92;
/** Readings that are read at a time; other requests are served in between. */
const PAGE = 5_000;

const query = z.strictObject(rangeQuery);

/** `GET /sites/:site_id/emissions`, as the API's description shows it. */
export const siteEmissionsOperation: Operation = {
  method: 'GET',
  path: '/sites/:site_id/emissions',
  tag: 'readings',
  summary: 'Energy and emissions of a site’s meters',
  description: `Priced hour by hour with the intensity of the site’s zone; the last 24 hours unless a range is given, ${MAX_DAYS} days at most.`,
  params: sitePath,
  query,
  response: { description: 'Sums, by device and by hour', schema: siteEmissionsResponse },
  errors: { 404: 'The site has neither readings nor a zone' },
};

/** `GET /sites/{site_id}/emissions`: energy of a site's meters, priced hour by hour with the intensity of its zone. */
export function siteEmissionsRoute({ store, clock }: ApiDependencies, readings: ReadingsApi): Route {
  return {
    operation: siteEmissionsOperation,
    async handle(request, response) {
      const now = clock.now();
      const range = requestedRange(
        checked(query, request.query, (input) => [...siteIssues(request), ...rangeIssues(input, now, MAX_DAYS)]),
        now,
      );
      const { siteId, zone, zoneSource } = await knownSite(readings, request);
      const maxGapMs = readings.config.READINGS_MAX_GAP_SECONDS * 1000;
      const hours = await deviceHours(readings.store, siteId, range, maxGapMs);
      const [country] = zone === undefined ? [] : await countryIntensities(store, [ownCode(zone)], range);
      const figures = figuresOf(country?.at ?? (() => undefined), range);
      const byDevice = [...Map.groupBy(hours, ({ deviceId }) => deviceId)].sort(([a], [b]) => (a < b ? -1 : 1));
      const byHour = [...Map.groupBy(hours, ({ hour }) => hour)].sort(([a], [b]) => a - b);
      response.json({
        site_id: siteId,
        zone: zone ?? null,
        zone_source: zoneSource ?? null,
        intensity_basis: country?.basis ?? null,
        from: isoTime(range.from),
        to: isoTime(range.to),
        ...figures(hours, byDevice.length),
        devices: byDevice.map(([deviceId, of]) => ({ device_id: deviceId, ...figures(of, 1) })),
        hours: byHour.map(([hour, of]) => {
          const { coverage, ...ofHour } = figures(of, byDevice.length);
          return { hour: isoTime(hour), ...ofHour };
        }),
      });
    },
  };
}

async function deviceHours(store: MeterReadingsReader, siteId: string, range: TimeRange, maxGapMs: number) {
  const energy = new SiteEnergy(range, maxGapMs);
  // Readings just outside give the power at the edges.
  const around = { from: range.from - maxGapMs, to: range.to + maxGapMs };
  let after: MeterReadingsCursor | undefined;
  for (;;) {
    const page = await store.readings(siteId, around, PAGE, after);
    for (const reading of page) energy.add(reading);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return energy.hours();
    after = last;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Figures of some device hours. Coverage: the share of the range, over all devices, for which power and price are known. */
function figuresOf(at: IntensityAt, { from, to }: TimeRange) {
  return (hours: readonly DeviceHour[], devices: number) => {
    const total = meteredEmissions(hours, at);
    const whole = devices * (to - from);
    return {
      joules: total.joules ?? null,
      grams: total.grams ?? null,
      intensity_g_per_kwh: meanIntensity(total) ?? null,
      quality: worstQuality(total.qualities) ?? null,
      coverage: {
        power: whole > 0 ? total.poweredMs / whole : 0,
        emissions: whole > 0 ? total.pricedMs / whole : 0,
      },
    };
  };
}

function meanIntensity({ grams, pricedJoules }: MeteredEmissions): number | undefined {
  return grams !== undefined && pricedJoules > 0 ? grams / (pricedJoules / JOULES_PER_KWH) : undefined;
}

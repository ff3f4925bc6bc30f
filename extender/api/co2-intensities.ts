import { z } from 'zod';
import { HOUR_MS, isoTime } from '../../shared/units.ts';
import { countryOf } from '../../shared/zones.ts';
import { zoneCode } from './co2-request.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

const instant = z.iso.datetime({ offset: true, error: 'is not a time such as 2026-01-01T12:00:00Z' });
const query = z.strictObject({
  country: zoneCode.optional(),
  start_time: instant.optional(),
  end_time: instant.optional(),
});

/** `GET /api/co2-intensities`: recorded intensities by zone and hour; the last 24 hours unless a range is given. */
export function co2IntensitiesRoute({ store, clock }: ApiDependencies): Route {
  return {
    method: 'GET',
    path: '/api/co2-intensities',
    async handle(request, response) {
      const { country, start_time, end_time } = checked(query, request.query, (input) =>
        Date.parse(String(input.end_time)) <= Date.parse(String(input.start_time))
          ? [{ pointer: '/end_time', detail: 'is not after start_time' }]
          : [],
      );
      const to = end_time ? Date.parse(end_time) : clock.now();
      const from = start_time ? Date.parse(start_time) : to - 24 * HOUR_MS;
      const tracked = await store.zones();
      const zones = country ? tracked.filter((zone) => zone === country || countryOf(zone) === country) : tracked;
      const hours = await store.intensities(zones, { from, to });
      response.json(
        hours.map(({ zone, hour, carbonIntensity, quality, provider, signal }) => {
          const value = { country: countryOf(zone), zone, hour: isoTime(hour), value: carbonIntensity };
          return { ...value, unit: 'gCO2eq/kWh', quality, provider, signal };
        }),
      );
    },
  };
}

import { z } from 'zod';
import type { IntensitySample, Signal } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, type HttpResponse, parseAs } from '../http-client.ts';
import { type GridProvider, NO_REVISIONS, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { currentPoint, hourlyForecast } from './hourly-means.ts';

const NAME = 'carbon-aware-sdk';

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const value = z.number().nonnegative().finite().transform(gramsPerKwh);
const emissionsBody = z.array(z.object({ location: z.string(), time: instant, rating: value }));
const forecastBody = z
  .array(z.object({ forecastData: z.array(z.object({ timestamp: instant, value })) }))
  .min(1, 'has no forecast');

/** Where the self-hosted service is, which of its locations stands for a zone, and what its own data source measures. */
export interface CarbonAwareSdkOptions {
  readonly baseUrl: string;
  readonly locations: ReadonlyMap<string, string>;
  readonly signal: Signal;
}

/** Carbon Aware SDK (Green Software Foundation), self-hosted: what its data source says; it does not tell whether that is marginal, so the user does. */
export function carbonAwareSdk(client: ProviderClient, options: CarbonAwareSdkOptions): GridProvider {
  const fetchLocation = async (path: string, zone: Zone, signal: AbortSignal, background = false) => {
    const location = options.locations.get(zone) ?? '';
    const url = `${options.baseUrl}/${path}?${new URLSearchParams({ location })}`;
    return { location, json: (await client.fetch({ zone, url, signal, classify, background })).json };
  };
  return {
    name: NAME,
    covers: (zone) => options.locations.has(zone),
    async latest(zone, signal): Promise<IntensitySample> {
      const { location, json } = await fetchLocation('emissions/bylocations/best', zone, signal);
      const rows = parseAs(emissionsBody, json, NAME, zone).map((row) => ({ ...row, datetime: row.time }));
      const own = rows.filter((row) => row.location.toLowerCase() === location.toLowerCase());
      const newest = currentPoint(own, client.now()) ?? own[0];
      if (newest) return toSample(zone, newest.datetime, newest.rating, client.now(), options.signal);
      const reason = rows.length > 0 ? 'malformed' : 'no-data';
      const detail = rows.length > 0 ? `answered for location ${rows[0]?.location}` : 'no emissions data';
      throw new ProviderError({ provider: NAME, zone, reason, detail });
    },
    async forecast(zone, signal) {
      const { json } = await fetchLocation('emissions/forecasts/current', zone, signal, true);
      const points = parseAs(forecastBody, json, NAME, zone).flatMap(({ forecastData }) => forecastData);
      return hourlyForecast(points.map((of) => ({ datetime: of.timestamp, carbonIntensity: of.value })));
    },
  };
}

/** A location that its data source does not know is a 400 that names it, or a 404. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  if (response.status === 404 || (response.status === 400 && /location/i.test(response.text))) return 'not-covered';
  if (response.status === 501) return 'not-covered';
  return classifyResponse(response);
}

function toSample(
  zone: Zone,
  datetime: number,
  carbonIntensity: IntensitySample['carbonIntensity'],
  fetchedAt: number,
  signal: Signal,
): IntensitySample {
  return {
    zone,
    carbonIntensity,
    datetime,
    fetchedAt,
    ...NO_REVISIONS,
    // Its marginal source (WattTime) tells direct emissions, its average one (Electricity Maps) those of the life cycle.
    emissionFactorType: signal === 'marginal' ? 'direct' : 'lifecycle',
    isEstimated: true,
    estimationMethod: 'CARBON_AWARE_SDK',
    provider: NAME,
    signal,
    quality: 'estimated',
  };
}

import { z } from 'zod';
import type { IntensitySample, Signal } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, type HttpResponse, parseAs } from '../http-client.ts';
import { type GridProvider, NO_REVISIONS, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { currentOf, hourlyForecast } from './hourly.ts';

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
export function carbonAwareSdk(line: ProviderClient, options: CarbonAwareSdkOptions): GridProvider {
  const ask = async (path: string, zone: Zone, signal: AbortSignal, extra = false) => {
    const location = options.locations.get(zone) ?? '';
    const url = `${options.baseUrl}/${path}?${new URLSearchParams({ location })}`;
    return { location, json: (await line.ask({ zone, url, signal, faultOf, extra })).json };
  };
  return {
    name: NAME,
    covers: (zone) => options.locations.has(zone),
    async latest(zone, signal): Promise<IntensitySample> {
      const { location, json } = await ask('emissions/bylocations/best', zone, signal);
      const rows = parseAs(emissionsBody, json, NAME, zone).map((row) => ({ ...row, datetime: row.time }));
      const own = rows.filter((row) => row.location.toLowerCase() === location.toLowerCase());
      const newest = currentOf(own, line.now()) ?? own[0];
      if (newest) return toReading(zone, newest.datetime, newest.rating, line.now(), options.signal);
      const fault = rows.length > 0 ? 'malformed' : 'no-data';
      const detail = rows.length > 0 ? `answered for location ${rows[0]?.location}` : 'no emissions data';
      throw new ProviderError({ provider: NAME, zone, fault, detail });
    },
    async forecast(zone, signal) {
      const { json } = await ask('emissions/forecasts/current', zone, signal, true);
      const points = parseAs(forecastBody, json, NAME, zone).flatMap(({ forecastData }) => forecastData);
      return hourlyForecast(points.map((of) => ({ datetime: of.timestamp, carbonIntensity: of.value })));
    },
  };
}

/** A location that its data source does not know is a 400 that names it, or a 404. */
function faultOf(answer: HttpResponse): ProviderErrorReason | undefined {
  if (answer.status === 404 || (answer.status === 400 && /location/i.test(answer.text))) return 'not-covered';
  if (answer.status === 501) return 'not-covered';
  return classifyResponse(answer);
}

function toReading(
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

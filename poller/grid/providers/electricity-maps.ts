import { z } from 'zod';
import { type EnergyMix, energyMix, type IntensitySample, intensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, errorText, type HttpResponse, parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { type ElectricityMapsAccess, electricityMapsAccess } from './electricity-maps-access.ts';
import { plausiblePoints, requirePlausible, usableElements } from './elements.ts';
import { instant } from './fields.ts';
import { hourlyForecast, hourlySamples } from './hourly-means.ts';
import { spans } from './spans.ts';

const NAME = 'electricity-maps';
/** The longest forecast that it has; 24 hours without the parameter. */
const HORIZON_HOURS = '72';
/** The longest range of hours in one request for the past. */
const RANGE_MS = 10 * 24 * HOUR_MS;

const intensity = z.number().transform(gramsPerKwh);
const row = z.object({
  zone: z.string(),
  carbonIntensity: intensity,
  datetime: instant,
  updatedAt: instant.nullish(),
  createdAt: instant.nullish(),
  emissionFactorType: z.enum(['lifecycle', 'direct']).default('lifecycle'),
  isEstimated: z.boolean().nullish(),
  estimationMethod: z.string().max(100).nullish(),
});
/** An hour without a value. */
const unknownHour = z.object({ carbonIntensity: z.null() }).transform(() => undefined);
const historyBody = z
  .object({ zone: z.string(), history: z.array(z.unknown()).optional(), data: z.array(z.unknown()).optional() })
  .refine(({ history, data }) => history ?? data, 'has neither history nor data');
const forecastBody = z
  .object({ zone: z.string(), forecast: z.array(z.unknown()).optional(), data: z.array(z.unknown()).optional() })
  .refine(({ forecast, data }) => forecast ?? data, 'has neither forecast nor data');
const historyElement = z.union([row, unknownHour]);
const forecastElement = z.union([z.object({ datetime: instant, carbonIntensity: intensity }), unknownHour]);
const breakdownBody = z
  .object({
    zone: z.string(),
    datetime: instant,
    powerConsumptionBreakdown: z.record(z.string(), z.unknown()).nullish(),
    powerProductionBreakdown: z.record(z.string(), z.unknown()).nullish(),
  })
  .refine((body) => body.powerConsumptionBreakdown ?? body.powerProductionBreakdown, 'has no power breakdown');

/** Where Electricity Maps is, with its version (`/v4` or `/v3`), and the key. */
export interface ElectricityMapsOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
}

type Path =
  | 'carbon-intensity/latest'
  | 'carbon-intensity/history'
  | 'carbon-intensity/past-range'
  | 'carbon-intensity/forecast'
  | 'power-breakdown/latest';

/** Electricity Maps: average, flow-traced, lifecycle intensity by zone (v4, and v3 with the same bodies). */
export function electricityMaps(client: ProviderClient, options: ElectricityMapsOptions): GridProvider {
  const headers = { 'auth-token': options.apiKey };
  const access = electricityMapsAccess(client, { baseUrl: options.baseUrl, headers }, classify);
  const fetchZone = zoneFetcher(client, { baseUrl: options.baseUrl, headers, access });
  const samplesOf = (elements: readonly unknown[], zone: Zone): IntensitySample[] => {
    const rows = usableElements(historyElement, elements, client, zone);
    const samples = rows.flatMap((hour) => (hour?.zone === zone ? [toSample(hour, zone, client.now())] : []));
    return hourlySamples(plausiblePoints(samples, client, zone));
  };
  const range = async (zone: Zone, from: EpochMs, signal: AbortSignal): Promise<IntensitySample[]> => {
    const samples: IntensitySample[] = [];
    for (const [start, end] of spans(from, client.now(), RANGE_MS)) {
      const query = { start: isoTime(start), end: isoTime(end) };
      const { history, data } = await fetchZone(historyBody, 'carbon-intensity/past-range', zone, signal, query);
      samples.push(...samplesOf(history ?? data ?? [], zone));
    }
    return samples;
  };
  return {
    name: NAME,
    archiveMs: 365 * 24 * HOUR_MS,
    covers: (zone) => access.allows(zone, 'carbon-intensity/latest'),
    async knows(zone, signal) {
      await access.refresh(signal).catch(failureOf);
      return access.knows(zone);
    },
    prepare: access.refresh,
    async latest(zone, signal) {
      const body = await fetchZone(row, 'carbon-intensity/latest', zone, signal);
      return toSample(requirePlausible(body, client, zone), zone, client.now());
    },
    async forecast(zone, signal) {
      const query: Record<string, string> = options.baseUrl.endsWith('/v3') ? {} : { horizonHours: HORIZON_HOURS };
      const { forecast, data } = await fetchZone(forecastBody, 'carbon-intensity/forecast', zone, signal, query);
      const points = usableElements(forecastElement, forecast ?? data ?? [], client, zone);
      const known = points.filter((point) => point !== undefined);
      return hourlyForecast(plausiblePoints(known, client, zone));
    },
    async history(zone, signal, from) {
      if (from !== undefined) return range(zone, from, signal);
      const { history, data } = await fetchZone(historyBody, 'carbon-intensity/history', zone, signal);
      return samplesOf(history ?? data ?? [], zone);
    },
    async energyMix(zone, signal) {
      const body = await fetchZone(breakdownBody, 'power-breakdown/latest', zone, signal);
      const mix = mixOf(body.powerConsumptionBreakdown ?? body.powerProductionBreakdown ?? {}, client, zone);
      if (mix) return { datetime: body.datetime, mix };
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'the power breakdown is empty' });
    },
  };
}

/** Sends requests about one zone, and makes sure that the response is about it. */
function zoneFetcher(
  client: ProviderClient,
  service: {
    readonly baseUrl: string;
    readonly headers: Record<string, string>;
    readonly access: ElectricityMapsAccess;
  },
) {
  const { baseUrl, headers, access } = service;
  return async <Schema extends z.ZodType<{ zone: string }>>(
    schema: Schema,
    path: Path,
    zone: Zone,
    signal: AbortSignal,
    query: Record<string, string> = {},
  ) => {
    if (!access.allows(zone, path)) {
      const detail = `the key has no access to ${path}`;
      throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail });
    }
    // Without disableCallerLookup a zone that cannot be resolved is answered with the zone of the caller's address.
    const parameters = new URLSearchParams({ zone, disableCallerLookup: 'true', ...query });
    const background = path !== 'carbon-intensity/latest';
    const url = `${baseUrl}/${path}?${parameters}`;
    try {
      const response = await client.fetch({ zone, url, headers, signal, classify, background });
      const body = parseAs(schema, response.json, NAME, zone);
      if (body.zone === zone) return body;
      const detail = `the response is about zone ${body.zone}`;
      throw new ProviderError({ provider: NAME, zone, reason: 'malformed', detail });
    } catch (error) {
      if (failureOf(error).reason === 'not-covered') access.contradicted();
      throw error;
    }
  };
}

/** A 401 has three meanings: a bad key, a plan without this zone or endpoint, and too many requests at once. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  const usual = classifyResponse(response);
  if (usual === undefined) return undefined;
  const text = errorText(response).toLowerCase();
  if (text.includes('no recent data')) return 'no-data';
  // The response for an unknown zone is not documented; these are the words of its kind.
  if (/zone.*(not exist|not found|unknown|invalid|unsupported)|(unknown|invalid|unsupported) zone/.test(text))
    return 'not-covered';
  if (response.status !== 401) return usual;
  if (text.includes('request unauthorized') || text.includes('do not have access')) return 'not-covered';
  return text.includes('token') ? 'auth' : 'rate-limited';
}

const SOURCES: ReadonlySet<string> = new Set([
  ...['nuclear', 'geothermal', 'biomass', 'coal', 'wind', 'solar', 'hydro', 'gas', 'oil', 'unknown'],
  ...['hydro discharge', 'battery discharge', 'hydro storage', 'battery storage', 'hydro charge', 'battery charge'],
]);

/** Discharged storage, geothermal, biomass and unknown sources are `other`; null is not reported. */
function mixOf(
  breakdown: Readonly<Record<string, unknown>>,
  client: ProviderClient,
  zone: Zone,
): EnergyMix | undefined {
  const amounts: [source: string, megawatts: number][] = [];
  for (const [source, megawatts] of Object.entries(breakdown)) {
    if (!SOURCES.has(source)) client.report(zone, 'unknown-code', `source "${source.slice(0, 40)}"`);
    if (megawatts === null) continue;
    if (typeof megawatts === 'number' && Number.isFinite(megawatts)) amounts.push([source, megawatts]);
    else client.report(zone, 'malformed', `power breakdown: "${source.slice(0, 40)}" is not a number`);
  }
  return energyMix(amounts);
}

function toSample(body: z.output<typeof row>, zone: Zone, fetchedAt: EpochMs): IntensitySample {
  const isEstimated = body.isEstimated ?? true;
  return intensitySample({
    zone,
    carbonIntensity: body.carbonIntensity,
    datetime: body.datetime,
    fetchedAt,
    updatedAt: body.updatedAt ?? null,
    createdAt: body.createdAt ?? null,
    emissionFactorType: body.emissionFactorType,
    estimationMethod: body.estimationMethod ?? null,
    provider: NAME,
    quality: isEstimated ? 'estimated' : 'measured',
  });
}

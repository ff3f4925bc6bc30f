import { z } from 'zod';
import { type EnergyMix, energyMix, type IntensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone as zoneOf } from '../../../shared/grid/zones.ts';
import { classifyResponse, errorText, type HttpResponse, parseAs } from '../http-client.ts';
import { type GridProvider, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';

const NAME = 'electricity-maps';
/** The catalogue with access was 1.2 MB in 2026. */
const CATALOGUE_BYTES = 16 * 1024 * 1024;
const LEARN_EVERY_MS = 24 * HOUR_MS;
/** A catalogue that could not be had is asked for again after this long. */
const LEARN_AGAIN_MS = HOUR_MS;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const intensity = z.number().nonnegative().finite().transform(gramsPerKwh);
const megawatts = z.record(z.string(), z.number().nullable());

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
const unknownRow = z.object({ carbonIntensity: z.null() }).transform(() => undefined);
const historyBody = z.object({ zone: z.string(), history: z.array(z.union([row, unknownRow])) });
const forecastBody = z.object({
  zone: z.string(),
  forecast: z.array(z.object({ datetime: instant, carbonIntensity: intensity.nullable() })),
});
const breakdownBody = z.object({ zone: z.string(), datetime: instant, powerConsumptionBreakdown: megawatts });
const catalogueBody = z.record(z.string(), z.looseObject({ access: z.array(z.string()).optional() }));

/** Where Electricity Maps is, with its version (`/v4` or `/v3`), and the key. */
export interface ElectricityMapsOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
}

type What =
  | 'carbon-intensity/latest'
  | 'carbon-intensity/history'
  | 'carbon-intensity/forecast'
  | 'power-breakdown/latest';

/** Electricity Maps: average, flow-traced, lifecycle intensity by zone (v4, and v3 with the same bodies). */
export function electricityMaps(client: ProviderClient, options: ElectricityMapsOptions): GridProvider {
  const access = learnedAccess(client, options);
  const fetchZone = async <Schema extends z.ZodType<{ zone: string }>>(
    schema: Schema,
    what: What,
    zone: Zone,
    signal: AbortSignal,
  ) => {
    if (!access.allows(zone, what))
      throw new ProviderError({
        provider: NAME,
        zone,
        reason: 'not-covered',
        detail: `the key may not ask for ${what}`,
      });
    // Without disableCallerLookup a zone that cannot be resolved is answered with the zone of the caller's address.
    const url = `${options.baseUrl}/${what}?${new URLSearchParams({ zone, disableCallerLookup: 'true' })}`;
    const background = what !== 'carbon-intensity/latest';
    const response = await client.fetch({
      zone,
      url,
      headers: { 'auth-token': options.apiKey },
      signal,
      classify,
      background,
    });
    const body = parseAs(schema, response.json, NAME, zone);
    if (body.zone === zone) return body;
    throw new ProviderError({ provider: NAME, zone, reason: 'malformed', detail: `answered for zone ${body.zone}` });
  };
  return {
    name: NAME,
    covers: (zone) => access.allows(zone, 'carbon-intensity/latest'),
    prepare: access.learn,
    async latest(zone, signal) {
      return toSample(await fetchZone(row, 'carbon-intensity/latest', zone, signal), zone, client.now());
    },
    async forecast(zone, signal) {
      const { forecast } = await fetchZone(forecastBody, 'carbon-intensity/forecast', zone, signal);
      return forecast.flatMap(({ datetime, carbonIntensity }) =>
        carbonIntensity === null ? [] : [{ datetime, carbonIntensity }],
      );
    },
    async history(zone, signal) {
      const { history } = await fetchZone(historyBody, 'carbon-intensity/history', zone, signal);
      return history.flatMap((of) => (of?.zone === zone ? [toSample(of, zone, client.now())] : []));
    },
    async energyMix(zone, signal) {
      const body = await fetchZone(breakdownBody, 'power-breakdown/latest', zone, signal);
      const mix = mixOf(body.powerConsumptionBreakdown);
      if (mix) return { datetime: body.datetime, mix };
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'the power breakdown is empty' });
    },
  };
}

interface Access {
  allows(zone: Zone, what: What): boolean;
  learn(signal: AbortSignal): Promise<void>;
}

/** Plans differ by key: what it may ask for is looked up with the key, and until that is known everything is tried. */
function learnedAccess(client: ProviderClient, options: ElectricityMapsOptions): Access {
  let known: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  let nextAt: EpochMs = Number.NEGATIVE_INFINITY;
  return {
    allows(zone, what) {
      if (known === undefined) return true;
      const paths = known.get(zone);
      return paths !== undefined && (paths.has('*') || paths.has(what));
    },
    async learn(signal) {
      if (client.now() < nextAt) return;
      nextAt = client.now() + LEARN_AGAIN_MS;
      const zone = zoneOf('XX');
      const headers = { 'auth-token': options.apiKey };
      const url = `${options.baseUrl}/zones`;
      const response = await client.fetch({
        zone,
        url,
        headers,
        signal,
        classify,
        maxBytes: CATALOGUE_BYTES,
        background: true,
      });
      const catalogue = Object.entries(parseAs(catalogueBody, response.json, NAME, zone));
      nextAt = client.now() + LEARN_EVERY_MS;
      // The v3 catalogue, and the one without a key, name no access: nothing was learned.
      const told = catalogue.flatMap(([code, { access }]) => (access ? [[code, new Set(access)] as const] : []));
      known = told.length > 0 ? new Map(told) : undefined;
    },
  };
}

/** A 401 has three meanings: a bad key, a plan without this zone or endpoint, and too many requests at once. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  const usual = classifyResponse(response);
  if (usual === undefined) return undefined;
  const text = errorText(response).toLowerCase();
  if (text.includes('no recent data')) return 'no-data';
  // How an unknown zone is told is not documented; these are the words of its kind.
  if (/zone.*(not exist|not found|unknown|invalid|unsupported)|(unknown|invalid|unsupported) zone/.test(text))
    return 'not-covered';
  if (response.status !== 401) return usual;
  if (text.includes('request unauthorized') || text.includes('do not have access')) return 'not-covered';
  return text.includes('token') ? 'auth' : 'rate-limited';
}

/** Storage that gives back, geothermal, biomass and unknown are `other`; null is not reported. */
function mixOf(breakdown: z.output<typeof megawatts>): EnergyMix | undefined {
  return energyMix(Object.entries(breakdown).flatMap(([source, mw]) => (mw === null ? [] : [[source, mw] as const])));
}

function toSample(body: z.output<typeof row>, zone: Zone, fetchedAt: EpochMs): IntensitySample {
  const isEstimated = body.isEstimated ?? true;
  return {
    zone,
    carbonIntensity: body.carbonIntensity,
    datetime: body.datetime,
    fetchedAt,
    updatedAt: body.updatedAt ?? null,
    createdAt: body.createdAt ?? null,
    emissionFactorType: body.emissionFactorType,
    isEstimated,
    estimationMethod: body.estimationMethod ?? null,
    provider: NAME,
    signal: 'average',
    quality: isEstimated ? 'estimated' : 'measured',
  };
}

import { z } from 'zod';
import { type IntensitySample, intensitySample, type Signal } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { placeOfZone } from '../../../shared/grid/zone-places.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, ProviderError } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { plausiblePoints, usableElements } from './elements.ts';
import { instant } from './fields.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';
import { spans } from './spans.ts';
import { authorized, type WattTimeAccount } from './watttime-token.ts';

const NAME = 'watttime';
/** Grams per kilowatt-hour in a pound per megawatt-hour: the pound is 453.59237 g by definition. */
const GRAMS_PER_KWH_IN_LBS_PER_MWH = 0.45359237;
/** How far back the newest value is looked for; the average signal is hourly and lags. */
const RECENT_MS = { co2_moer: 2 * HOUR_MS, co2_aoer: 24 * HOUR_MS };
/** The longest horizon of a forecast, and the longest span of one request for the past. */
const HORIZON_HOURS = '72';
const RANGE_MS = 30 * 24 * HOUR_MS;

const point = z.object({
  point_time: instant,
  value: z.number(),
  last_updated: instant.nullish(),
  imputed_data_used: z.boolean().nullish(),
});
// The percentile of /v3/signal-index has other units: it is not an intensity and must never be converted.
const seriesBody = z.object({
  data: z.array(z.unknown()),
  meta: z.looseObject({
    region: z.string(),
    signal_type: z.string(),
    units: z.literal('lbs_co2_per_mwh'),
    generated_at: instant.nullish(),
  }),
});
const placeBody = z.object({ region: z.string() });

/** An account, the signal, and the region (or `lat/lon`) of zones that are not looked up by the place of their cloud region. */
export interface WattTimeOptions extends WattTimeAccount {
  readonly signalType: 'co2_moer' | 'co2_aoer';
  readonly regions: ReadonlyMap<string, string>;
}

/** WattTime v3: direct CO2 by region, marginal (`co2_moer`) or average (`co2_aoer`); pounds per megawatt-hour become grams per kilowatt-hour. */
export function wattTime(client: ProviderClient, options: WattTimeOptions): GridProvider {
  const series = seriesFetcher(client, options);
  const samplesOf = (points: readonly z.output<typeof point>[], zone: Zone, quality: 'estimated' | 'forecast') =>
    plausiblePoints(
      points.map((each) => toSample(each, zone, options, client.now(), quality)),
      client,
      zone,
    );
  const historical = async (zone: Zone, from: EpochMs, signal: AbortSignal, background = false) => {
    const samples: IntensitySample[] = [];
    for (const [start, end] of spans(from, client.now(), RANGE_MS)) {
      const query = { start: isoTime(start), end: isoTime(end), include_imputed_marker: 'true' };
      const { points } = await series('historical', query, zone, signal, background);
      samples.push(...samplesOf(points, zone, 'estimated'));
    }
    return samples;
  };
  return {
    name: NAME,
    signal: signalOf(options),
    archiveMs: 28 * 24 * HOUR_MS,
    covers: (zone) => options.regions.has(zone) || placeOfZone(zone) !== undefined,
    knows: async (zone) => options.regions.has(zone),
    async latest(zone, signal) {
      const now = client.now();
      const known = currentPoint(await historical(zone, now - RECENT_MS[options.signalType], signal), now);
      if (known) return known;
      const { points, generatedAt } = await series('forecast', { horizon_hours: '1' }, zone, signal);
      const present = currentPoint(samplesOf(points, zone, 'forecast'), now);
      if (present) return { ...present, createdAt: generatedAt };
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'it has no recent value' });
    },
    async forecast(zone, signal) {
      const { points } = await series('forecast', { horizon_hours: HORIZON_HOURS }, zone, signal, true);
      return hourlyForecast(samplesOf(points, zone, 'forecast')).map(({ datetime, carbonIntensity }) => ({
        datetime,
        carbonIntensity,
      }));
    },
    async history(zone, signal, from = client.now() - 24 * HOUR_MS) {
      return hourlySamples(await historical(zone, from, signal, true));
    },
  };
}

/** Fetches points of a zone's region, and makes sure that the response is about it. */
function seriesFetcher(client: ProviderClient, options: WattTimeOptions) {
  const fetchAuthorized = authorized(client, options);
  const lookup = regionLookup(client, options, fetchAuthorized);
  return async (path: string, query: Record<string, string>, zone: Zone, signal: AbortSignal, background = false) => {
    const region = await lookup.regionOf(zone, signal);
    const { signalType: signal_type } = options;
    const parameters = new URLSearchParams({ region, signal_type, ...query });
    const response = await fetchAuthorized(`${path}?${parameters}`, zone, signal, background).catch((error) => {
      if (failureOf(error).reason === 'not-covered') lookup.forget(zone);
      throw error;
    });
    const { data, meta } = parseAs(seriesBody, response.json, NAME, zone);
    if (meta.region === region && meta.signal_type === signal_type)
      return { points: usableElements(point, data, client, zone), generatedAt: meta.generated_at ?? null };
    const detail = `the response is about ${meta.signal_type} of region ${meta.region}`;
    throw new ProviderError({ provider: NAME, zone, reason: 'malformed', detail });
  };
}

/** A region as configured, or looked up by coordinates, given or those of a cloud region in the zone: WattTime's regions are finer than zones. */
function regionLookup(
  client: ProviderClient,
  options: WattTimeOptions,
  fetchAuthorized: ReturnType<typeof authorized>,
) {
  const found = new Map<Zone, string>();
  return {
    async regionOf(zone: Zone, signal: AbortSignal): Promise<string> {
      const given = options.regions.get(zone);
      if (given !== undefined && !given.includes('/')) return given;
      const known = found.get(zone);
      if (known !== undefined) return known;
      const { latitude, longitude } = placeOfZone(zone) ?? {};
      const [north = String(latitude), east = String(longitude)] = given?.split('/') ?? [];
      const query = new URLSearchParams({ latitude: north, longitude: east, signal_type: options.signalType });
      const response = await fetchAuthorized(`region-from-loc?${query}`, zone, signal);
      const { region } = parseAs(placeBody, response.json, client.provider, zone);
      found.set(zone, region);
      return region;
    },
    /** Looks the region up again next time: the plan no longer has it. */
    forget: (zone: Zone) => void found.delete(zone),
  };
}

function toSample(
  { point_time, value, last_updated, imputed_data_used }: z.output<typeof point>,
  zone: Zone,
  options: WattTimeOptions,
  fetchedAt: EpochMs,
  quality: 'estimated' | 'forecast',
): IntensitySample {
  return intensitySample({
    zone,
    carbonIntensity: gramsPerKwh(Math.round(value * GRAMS_PER_KWH_IN_LBS_PER_MWH * 100) / 100),
    datetime: point_time,
    fetchedAt,
    updatedAt: last_updated ?? null,
    emissionFactorType: 'direct',
    estimationMethod: imputed_data_used ? `${options.signalType}_imputed` : options.signalType,
    provider: NAME,
    signal: signalOf(options),
    quality,
  });
}

function signalOf({ signalType }: WattTimeOptions): Signal {
  return signalType === 'co2_moer' ? 'marginal' : 'average';
}

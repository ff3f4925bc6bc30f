import { z } from 'zod';
import type { IntensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { placeOfZone } from '../../../shared/grid/zone-places.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { type GridProvider, ProviderError } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';
import { authorized, type WattTimeAccount } from './watttime-token.ts';

const NAME = 'watttime';
/** Grams per kilowatt-hour in a pound per megawatt-hour: the pound is 453.59237 g by definition. */
const GRAMS_PER_KWH_IN_LBS_PER_MWH = 0.45359237;
/** How far back the newest value is looked for. */
const RECENT_MS = 2 * HOUR_MS;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const point = z.object({
  point_time: instant,
  value: z.number().nonnegative().finite(),
  last_updated: instant.nullish(),
  imputed_data_used: z.boolean().nullish(),
});
// The percentile of /v3/signal-index has other units: it is no intensity and must never be converted.
const seriesBody = z.object({
  data: z.array(point),
  meta: z.looseObject({
    region: z.string(),
    signal_type: z.string(),
    units: z.literal('lbs_co2_per_mwh'),
    generated_at: instant.nullish(),
  }),
});
const placeBody = z.object({ region: z.string() });

/** An account, the signal to ask for, and which region (or `lat/lon`) stands for a zone where its place in the region table does not do. */
export interface WattTimeOptions extends WattTimeAccount {
  readonly signalType: 'co2_moer' | 'co2_aoer';
  readonly regions: ReadonlyMap<string, string>;
}

/** WattTime v3: direct CO2 by region, marginal (`co2_moer`) or average (`co2_aoer`); pounds per megawatt-hour become grams per kilowatt-hour. */
export function wattTime(client: ProviderClient, options: WattTimeOptions): GridProvider {
  const fetchAuthorized = authorized(client, options);
  const regionOf = regionLookup(client, options, fetchAuthorized);
  const series = async (
    path: string,
    query: Record<string, string>,
    zone: Zone,
    signal: AbortSignal,
    background = false,
  ) => {
    const region = await regionOf(zone, signal);
    const { signalType: signal_type } = options;
    const response = await fetchAuthorized(
      `${path}?${new URLSearchParams({ region, signal_type, ...query })}`,
      zone,
      signal,
      background,
    );
    const body = parseAs(seriesBody, response.json, NAME, zone);
    if (body.meta.region === region && body.meta.signal_type === signal_type) return body;
    const detail = `answered ${body.meta.signal_type} of region ${body.meta.region}`;
    throw new ProviderError({ provider: NAME, zone, reason: 'malformed', detail });
  };
  const historical = async (
    zone: Zone,
    spanMs: number,
    signal: AbortSignal,
    background = false,
  ): Promise<IntensitySample[]> => {
    const now = client.now();
    const query = { start: isoTime(now - spanMs), end: isoTime(now), include_imputed_marker: 'true' };
    const { data } = await series('historical', query, zone, signal, background);
    return data.map((of) => toSample(of, zone, options, now, 'estimated'));
  };
  return {
    name: NAME,
    covers: (zone) => options.regions.has(zone) || placeOfZone(zone) !== undefined,
    async latest(zone, signal) {
      const now = client.now();
      const known = currentPoint(await historical(zone, RECENT_MS, signal), now);
      if (known) return known;
      const { data, meta } = await series('forecast', { horizon_hours: '1' }, zone, signal);
      const ahead = currentPoint(
        data.map((of) => toSample(of, zone, options, now, 'forecast')),
        now,
      );
      if (ahead) return { ...ahead, createdAt: meta.generated_at ?? null };
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'no value of the last two hours' });
    },
    async forecast(zone, signal) {
      const { data } = await series('forecast', { horizon_hours: '24' }, zone, signal, true);
      return hourlyForecast(
        data.map(({ point_time, value }) => ({ datetime: point_time, carbonIntensity: toGrams(value) })),
      );
    },
    async history(zone, signal) {
      return hourlySamples(await historical(zone, 24 * HOUR_MS, signal, true));
    },
  };
}

/** A region as configured, or looked up once by coordinates, given or those of a cloud region in the zone: WattTime's regions are finer than zones. */
function regionLookup(
  client: ProviderClient,
  options: WattTimeOptions,
  fetchAuthorized: ReturnType<typeof authorized>,
) {
  const found = new Map<Zone, string>();
  return async (zone: Zone, signal: AbortSignal): Promise<string> => {
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
  };
}

function toGrams(lbsPerMwh: number) {
  return gramsPerKwh(Math.round(lbsPerMwh * GRAMS_PER_KWH_IN_LBS_PER_MWH * 100) / 100);
}

function toSample(
  of: z.output<typeof point>,
  zone: Zone,
  options: WattTimeOptions,
  fetchedAt: EpochMs,
  quality: 'estimated' | 'forecast',
): IntensitySample {
  return {
    zone,
    carbonIntensity: toGrams(of.value),
    datetime: of.point_time,
    fetchedAt,
    updatedAt: of.last_updated ?? null,
    createdAt: null,
    emissionFactorType: 'direct',
    isEstimated: true,
    estimationMethod: of.imputed_data_used ? `${options.signalType}_imputed` : options.signalType,
    provider: NAME,
    signal: options.signalType === 'co2_moer' ? 'marginal' : 'average',
    quality,
  };
}

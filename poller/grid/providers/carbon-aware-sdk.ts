import { z } from 'zod';
import { type IntensitySample, intensitySample, type Signal } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, type HttpResponse, parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { plausiblePoints, usableElements } from './elements.ts';
import { instant } from './fields.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';

const NAME = 'carbon-aware-sdk';
/** How far back the newest value is looked for. */
const RECENT_MS = 2 * HOUR_MS;

const value = z.number().transform(gramsPerKwh);
const emission = z.object({ time: instant, rating: value });
const forecastBody = z.array(z.object({ forecastData: z.array(z.unknown()) })).min(1, 'has no forecast');
const forecastElement = z.object({ timestamp: instant, value });

/** Where the self-hosted service is, its location for each zone, and the signal of its own data source. */
export interface CarbonAwareSdkOptions {
  readonly baseUrl: string;
  readonly locations: ReadonlyMap<string, string>;
  readonly signal: Signal;
}

/**
 * Carbon Aware SDK (Green Software Foundation), self-hosted. It does not report whether its source is marginal, so the
 * user does. Its rows carry the place name of that source (`CAISO_NORTH` for `westus`): one place was requested, so all
 * rows are of it.
 */
export function carbonAwareSdk(client: ProviderClient, options: CarbonAwareSdkOptions): GridProvider {
  const fetchJson = async (
    path: string,
    query: Record<string, string>,
    zone: Zone,
    signal: AbortSignal,
    background = false,
  ) => {
    const location = options.locations.get(zone) ?? '';
    const url = `${options.baseUrl}/${path}?${new URLSearchParams({ location, ...query })}`;
    return (await client.fetch({ zone, url, signal, classify, background })).json;
  };
  const samplesOf = (json: unknown, zone: Zone): IntensitySample[] => {
    const rows = usableElements(emission, parseAs(z.array(z.unknown()), json, NAME, zone), client, zone);
    const samples = rows.map(({ time, rating }) => toSample(zone, time, rating, client.now(), options.signal));
    return plausiblePoints(samples, client, zone);
  };
  const series = async (zone: Zone, from: EpochMs, signal: AbortSignal, background: boolean) => {
    const query = { time: isoTime(from), toTime: isoTime(client.now()) };
    return samplesOf(await fetchJson('emissions/bylocation', query, zone, signal, background), zone);
  };
  const best = async (zone: Zone, signal: AbortSignal) =>
    samplesOf(await fetchJson('emissions/bylocations/best', {}, zone, signal), zone);
  return {
    name: NAME,
    signal: options.signal,
    archiveMs: 28 * 24 * HOUR_MS,
    covers: (zone) => options.locations.has(zone),
    knows: async (zone) => options.locations.has(zone),
    async latest(zone, signal) {
      // `best` is a single row of now, which hourly sources have only for a part of the hour.
      const rows = await best(zone, signal).catch((error) => {
        if (failureOf(error).reason !== 'no-data') throw error;
        return [];
      });
      const known = rows.length > 0 ? rows : await series(zone, client.now() - RECENT_MS, signal, false);
      const newest = currentPoint(known, client.now()) ?? known[0];
      if (newest) return newest;
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'it has no emissions data' });
    },
    async forecast(zone, signal) {
      const json = await fetchJson('emissions/forecasts/current', {}, zone, signal, true);
      const elements = parseAs(forecastBody, json, NAME, zone).flatMap(({ forecastData }) => forecastData);
      const points = usableElements(forecastElement, elements, client, zone).map((point) => ({
        datetime: point.timestamp,
        carbonIntensity: point.value,
      }));
      return hourlyForecast(plausiblePoints(points, client, zone));
    },
    history: async (zone, signal, from = client.now() - 24 * HOUR_MS) =>
      hourlySamples(await series(zone, from, signal, true)),
  };
}

/** A location that its data source does not know is a 400 that names it, or a 404; a path that it does not have is a 501. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  if (response.status === 404 || (response.status === 400 && /location/i.test(response.text))) return 'not-covered';
  if (response.status === 501) return 'not-covered';
  return classifyResponse(response);
}

function toSample(
  zone: Zone,
  datetime: EpochMs,
  carbonIntensity: IntensitySample['carbonIntensity'],
  fetchedAt: EpochMs,
  signal: Signal,
): IntensitySample {
  return intensitySample({
    ...{ zone, carbonIntensity, datetime, fetchedAt, signal },
    // Its marginal source (WattTime) has direct emissions, its average one (Electricity Maps) those of the life cycle.
    emissionFactorType: signal === 'marginal' ? 'direct' : 'lifecycle',
    estimationMethod: 'CARBON_AWARE_SDK',
    provider: NAME,
    quality: 'estimated',
  });
}

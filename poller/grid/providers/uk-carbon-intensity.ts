import { z } from 'zod';
import { energyMix, type IntensitySample, intensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { type GridProvider, ProviderError, rethrowForZone } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { plausiblePoints, usableElements } from './elements.ts';
import { instant } from './fields.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';
import { spans } from './spans.ts';

const NAME = 'uk-carbon-intensity';
const NATIONAL = 'GB';
/** `GB-1` … `GB-17`: the service's own region numbers, 13 is London. */
const REGIONAL = /^GB-(1[0-7]|[1-9])$/;
/** The longest span of one request for the past. */
const RANGE_MS = 13 * 24 * HOUR_MS;
/** A national value older than this is replaced by the forecast of the present half hour. */
const CURRENT_MS = 90 * 60_000;

const dataBody = z.object({ data: z.array(z.unknown()) });
const nationalStep = z.object({
  from: instant,
  intensity: z.object({ forecast: z.number().nullish(), actual: z.number().nullish() }),
});
const mixElement = z.object({ fuel: z.string(), perc: z.number() });
const regionalStep = z.object({
  intensity: z.object({ forecast: z.number().nullish() }),
  generationmix: z.array(z.unknown()).nullish(),
});
const regionStep = regionalStep.extend({ from: instant });
const regionsStep = z.object({ from: instant, regions: z.array(z.unknown()) });
const regionElement = regionalStep.extend({ regionid: z.number() });
const oneRegion = z.object({ regionid: z.number(), data: z.array(z.unknown()) });
// The same figures come as an object or as an array of one, depending on the path.
const regionBody = z.object({ data: z.union([oneRegion, z.array(oneRegion).min(1)]) });

/** Great Britain's Carbon Intensity API (NESO, CC BY 4.0): direct, average, half-hourly; nation `GB`, regions `GB-1` to `GB-17`. */
export function ukCarbonIntensity(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly holdMs: number },
): GridProvider {
  const fetchJson = async (path: string, zone: Zone, signal: AbortSignal, background = false) =>
    (await client.fetch({ zone, url: `${options.baseUrl}/${path}`, signal, background })).json;
  const regions = coalesceRequests({ now: () => client.now(), holdMs: options.holdMs }, async (key, signal) => {
    const zone = key as Zone;
    const { data } = parseAs(dataBody, await fetchJson('regional', zone, signal), NAME, zone);
    return { steps: usableElements(regionsStep, data, client, zone), fetchedAt: client.now() };
  });
  const national = async (path: string, zone: Zone, signal: AbortSignal, background = false) => {
    const { data } = parseAs(dataBody, await fetchJson(path, zone, signal, background), NAME, zone);
    const samples = usableElements(nationalStep, data, client, zone).flatMap(({ from, intensity }) => {
      const value = intensity.actual ?? intensity.forecast;
      const quality = intensity.actual == null ? 'forecast' : 'measured';
      return value == null ? [] : [toSample(zone, from, client.now(), value, quality)];
    });
    return plausiblePoints(samples, client, zone);
  };
  const regional = async (span: string, zone: Zone, signal: AbortSignal): Promise<IntensitySample[]> => {
    const path = `regional/intensity/${span}/regionid/${regionOf(zone)}`;
    const { data } = parseAs(regionBody, await fetchJson(path, zone, signal, true), NAME, zone);
    const region = [data].flat().find(({ regionid }) => regionid === regionOf(zone));
    const steps = usableElements(regionStep, region?.data ?? [], client, zone);
    const samples = steps.flatMap(({ from, ...step }) => regionalSample(zone, from, client.now(), step, client));
    return plausiblePoints(samples, client, zone);
  };
  const series = (span: string, zone: Zone, signal: AbortSignal) =>
    zone === NATIONAL ? national(`intensity/${span}`, zone, signal, true) : regional(span, zone, signal);
  const latestNational = async (zone: Zone, signal: AbortSignal): Promise<IntensitySample[]> => {
    const newest = await national('intensity', zone, signal);
    const isCurrent = newest.some(({ datetime }) => datetime > client.now() - CURRENT_MS);
    if (isCurrent || newest.length === 0) return newest;
    // The feed of measurements stops now and then; its forecast of the present goes on.
    return [...newest, ...(await national(`intensity/${minute(client.now())}/fw24h`, zone, signal))];
  };
  const latestRegional = async (zone: Zone, signal: AbortSignal): Promise<IntensitySample[]> => {
    const { steps, fetchedAt } = await regions(NATIONAL, signal).catch(rethrowForZone(zone));
    return plausiblePoints(ownSamples(steps, zone, fetchedAt, client), client, zone);
  };
  return {
    name: NAME,
    keyless: true,
    archiveMs: 365 * 24 * HOUR_MS,
    covers: (zone) => zone === NATIONAL || REGIONAL.test(zone),
    async latest(zone, signal) {
      const known = await (zone === NATIONAL ? latestNational : latestRegional)(zone, signal);
      return currentPoint(known, client.now()) ?? known[0] ?? noData(zone);
    },
    forecast: async (zone, signal) => hourlyForecast(await series(`${minute(client.now())}/fw48h`, zone, signal)),
    async history(zone, signal, from) {
      if (from === undefined) return hourlySamples(await series(`${minute(client.now())}/pt24h`, zone, signal));
      const samples: IntensitySample[] = [];
      for (const [start, end] of spans(from, client.now(), RANGE_MS))
        samples.push(...(await series(`${minute(start)}/${minute(end)}`, zone, signal)));
      return hourlySamples(samples);
    },
  };
}

/** The samples of one region among those of all. */
function ownSamples(
  steps: readonly z.output<typeof regionsStep>[],
  zone: Zone,
  fetchedAt: EpochMs,
  client: ProviderClient,
): IntensitySample[] {
  return steps.flatMap(({ from, regions }) => {
    const own = regions.filter((region) => idOf(region) === regionOf(zone));
    const known = usableElements(regionElement, own, client, zone);
    return known.flatMap((region) => regionalSample(zone, from, fetchedAt, region, client));
  });
}

function regionOf(zone: Zone): number {
  return Number(REGIONAL.exec(zone)?.[1]);
}

function idOf(region: unknown): unknown {
  return (region as { regionid?: unknown } | null)?.regionid;
}

function minute(time: EpochMs): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

/** The service has been seen to report 0 with an empty mix where it has no data. */
function regionalSample(
  zone: Zone,
  from: EpochMs,
  fetchedAt: EpochMs,
  step: z.output<typeof regionalStep>,
  client: ProviderClient,
): IntensitySample[] {
  const { forecast } = step.intensity;
  const mix = usableElements(mixElement, step.generationmix ?? [], client, zone);
  if (forecast == null || (forecast === 0 && mix.length === 0)) return [];
  const shares = energyMix(mix.map(({ fuel, perc }) => [fuel, perc] as const));
  return [{ ...toSample(zone, from, fetchedAt, forecast, 'forecast'), energyMix: shares }];
}

function toSample(
  zone: Zone,
  from: EpochMs,
  fetchedAt: EpochMs,
  value: number,
  quality: 'measured' | 'forecast',
): IntensitySample {
  return intensitySample({
    zone,
    carbonIntensity: gramsPerKwh(value),
    datetime: from,
    fetchedAt,
    emissionFactorType: 'direct',
    estimationMethod: quality === 'forecast' ? 'NESO_FORECAST' : null,
    provider: NAME,
    quality,
  });
}

function noData(zone: Zone): never {
  throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'no half hour has a value' });
}

import { z } from 'zod';
import { energyMix, type IntensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { type GridProvider, NO_REVISIONS, ProviderError, rethrowForZone } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';

const NAME = 'uk-carbon-intensity';
const NATIONAL = 'GB';
/** `GB-1` … `GB-17`: the service's own region numbers, 13 is London. */
const REGIONAL = /^GB-(1[0-7]|[1-9])$/;

/** The service writes minutes only ("2026-01-01T00:00Z"). */
const instant = z
  .string()
  .transform((text) => Date.parse(text))
  .refine((time) => !Number.isNaN(time), 'is not a time');
const grams = z.number().nonnegative().finite();
const mix = z.array(z.object({ fuel: z.string(), perc: z.number() }));

const nationalBody = z.object({
  data: z.array(
    z.object({ from: instant, intensity: z.object({ forecast: grams.nullish(), actual: grams.nullish() }) }),
  ),
});
const step = z.object({ from: instant, intensity: z.object({ forecast: grams }), generationmix: mix.default([]) });
const regionsBody = z.object({
  data: z.array(
    z.object({ from: instant, regions: z.array(step.omit({ from: true }).extend({ regionid: z.number() })) }),
  ),
});
const oneRegion = z.object({ regionid: z.number(), data: z.array(step) });
// The same figures come as an object or as an array of one, depending on the path.
const regionBody = z.object({ data: z.union([oneRegion, z.array(oneRegion).min(1)]) });

/** Great Britain's Carbon Intensity API (NESO, CC BY 4.0): direct, average, half-hourly; nation `GB`, regions `GB-1` to `GB-17`. */
export function ukCarbonIntensity(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly holdMs: number },
): GridProvider {
  const fetchJson = async (path: string, zone: Zone, signal: AbortSignal, background = false) =>
    (await client.fetch({ zone, url: `${options.baseUrl}/${path}`, signal, background })).json;
  const regions = coalesceRequests({ now: () => client.now(), holdMs: options.holdMs }, async (zone, signal) => {
    const { data } = parseAs(regionsBody, await fetchJson('regional', zone as Zone, signal), NAME, zone as Zone);
    return { data, fetchedAt: client.now() };
  });
  const national = async (
    path: string,
    zone: Zone,
    signal: AbortSignal,
    background = false,
  ): Promise<IntensitySample[]> => {
    const { data } = parseAs(nationalBody, await fetchJson(path, zone, signal, background), NAME, zone);
    return data.flatMap(({ from, intensity: { actual, forecast } }) => {
      const value = actual ?? forecast;
      return value == null ? [] : [sample(zone, from, client.now(), value, actual == null ? 'forecast' : 'measured')];
    });
  };
  const regional = async (span: string, zone: Zone, signal: AbortSignal): Promise<IntensitySample[]> => {
    const path = `regional/intensity/${minute(client.now())}/${span}/regionid/${regionOf(zone)}`;
    const { data } = parseAs(regionBody, await fetchJson(path, zone, signal, true), NAME, zone);
    const of = [data].flat().find(({ regionid }) => regionid === regionOf(zone));
    return (of?.data ?? []).flatMap(({ from, ...rest }) => regionalSample(zone, from, client.now(), rest));
  };
  const series = (span: string, zone: Zone, signal: AbortSignal) =>
    zone === NATIONAL
      ? national(`intensity/${minute(client.now())}/${span}`, zone, signal, true)
      : regional(span, zone, signal);
  return {
    name: NAME,
    keyless: true,
    covers: (zone) => zone === NATIONAL || REGIONAL.test(zone),
    async latest(zone, signal) {
      const known =
        zone === NATIONAL
          ? await national('intensity', zone, signal)
          : await regions(NATIONAL, signal)
              .catch(rethrowForZone(zone))
              .then(({ data, fetchedAt }) =>
                data.flatMap(({ from, regions: all }) =>
                  all
                    .filter(({ regionid }) => regionid === regionOf(zone))
                    .flatMap((of) => regionalSample(zone, from, fetchedAt, of)),
                ),
              );
      return currentPoint(known, client.now()) ?? known[0] ?? noData(zone);
    },
    async forecast(zone, signal) {
      return hourlyForecast(await series('fw48h', zone, signal));
    },
    async history(zone, signal) {
      return hourlySamples(await series('pt24h', zone, signal));
    },
  };
}

function regionOf(zone: Zone): number {
  return Number(REGIONAL.exec(zone)?.[1]);
}

function minute(time: EpochMs): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

/** The service has been seen to tell 0 with an empty mix where it knows nothing. */
function regionalSample(
  zone: Zone,
  from: EpochMs,
  fetchedAt: EpochMs,
  of: Omit<z.output<typeof step>, 'from'>,
): IntensitySample[] {
  if (of.intensity.forecast === 0 && of.generationmix.length === 0) return [];
  const shares = energyMix(of.generationmix.map(({ fuel, perc }) => [fuel, perc] as const));
  return [{ ...sample(zone, from, fetchedAt, of.intensity.forecast, 'forecast'), energyMix: shares }];
}

function sample(
  zone: Zone,
  from: EpochMs,
  fetchedAt: EpochMs,
  value: number,
  quality: 'measured' | 'forecast',
): IntensitySample {
  return {
    zone,
    carbonIntensity: gramsPerKwh(value),
    datetime: from,
    fetchedAt,
    ...NO_REVISIONS,
    emissionFactorType: 'direct',
    isEstimated: quality === 'forecast',
    estimationMethod: quality === 'forecast' ? 'NESO_FORECAST' : null,
    provider: NAME,
    signal: 'average',
    quality,
  };
}

function noData(zone: Zone): never {
  throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'no half hour has a value' });
}

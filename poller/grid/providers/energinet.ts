import { z } from 'zod';
import type { IntensitySample } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, NO_REVISIONS, ProviderError, rethrowForZone } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';

const NAME = 'energinet';
/** The service takes one request per data set and minute, whatever it is about; a second one is a 429. */
const HOLD_MS = 65_000;
const AREAS: ReadonlyMap<string, string> = new Map([
  ['DK-DK1', 'DK1'],
  ['DK-DK2', 'DK2'],
]);
/** A day of five-minute steps of both areas. */
const ROWS = 2 * 24 * 12;

const body = z.object({
  records: z.array(
    z.object({
      // Without a zone, but UTC by its name.
      Minutes5UTC: z
        .string()
        .transform((text) => Date.parse(text.endsWith('Z') ? text : `${text}Z`))
        .refine((time) => !Number.isNaN(time), 'is not a time'),
      PriceArea: z.string(),
      CO2Emission: z.number().nonnegative().finite().nullable(),
    }),
  ),
});

/** Energinet: direct, average intensity of both Danish areas in five-minute steps; one request serves them all. */
export function energinet(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly holdMs: number },
): GridProvider {
  const holdMs = Math.max(options.holdMs, HOLD_MS);
  const dataset = coalesceRequests({ now: () => client.now(), holdMs, holdFailureMs }, async (name, signal) => {
    const zone = 'DK' as Zone;
    const query = new URLSearchParams({
      limit: String(ROWS),
      sort: 'Minutes5UTC desc',
      filter: JSON.stringify({ PriceArea: [...AREAS.values()] }),
    });
    const url = `${options.baseUrl}/dataset/${name}?${query}`;
    const response = await client.fetch({ zone, url, signal, background: name !== 'CO2Emis' });
    return { records: parseAs(body, response.json, NAME, zone).records, fetchedAt: client.now() };
  });
  const of = async (name: 'CO2Emis' | 'CO2EmisProg', zone: Zone, signal: AbortSignal): Promise<IntensitySample[]> => {
    const { records, fetchedAt } = await dataset(name, signal).catch(rethrowForZone(zone));
    const quality = name === 'CO2Emis' ? 'estimated' : 'forecast';
    return records.flatMap((record) =>
      record.PriceArea === AREAS.get(zone) && record.CO2Emission !== null
        ? [toSample(zone, record.Minutes5UTC, fetchedAt, record.CO2Emission, quality)]
        : [],
    );
  };
  return {
    name: NAME,
    keyless: true,
    covers: (zone) => AREAS.has(zone),
    async latest(zone, signal) {
      const newest = currentPoint(await of('CO2Emis', zone, signal), client.now());
      if (newest) return newest;
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'no record of the area' });
    },
    async forecast(zone, signal) {
      return hourlyForecast(await of('CO2EmisProg', zone, signal));
    },
    async history(zone, signal) {
      return hourlySamples(await of('CO2Emis', zone, signal));
    },
  };
}

/** A failed request counts against the minute as well; one that was never sent does not. */
function holdFailureMs(error: unknown): number {
  return failureOf(error).throttled ? 0 : HOLD_MS;
}

function toSample(
  zone: Zone,
  datetime: number,
  fetchedAt: number,
  value: number,
  quality: 'estimated' | 'forecast',
): IntensitySample {
  return {
    zone,
    carbonIntensity: gramsPerKwh(value),
    datetime,
    fetchedAt,
    ...NO_REVISIONS,
    emissionFactorType: 'direct',
    isEstimated: true,
    estimationMethod: quality === 'forecast' ? 'ENERGINET_CO2EMISPROG' : 'ENERGINET_CO2EMIS',
    provider: NAME,
    signal: 'average',
    quality,
  };
}

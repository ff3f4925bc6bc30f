import { z } from 'zod';
import { type IntensitySample, intensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, ProviderError, rethrowForZone } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { plausiblePoints, usableElements } from './elements.ts';
import { instant } from './fields.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';

const NAME = 'energinet';
/** The service accepts one request per data set and minute, whatever it is about; a second one is a 429. */
const HOLD_MS = 65_000;
const AREAS: ReadonlyMap<string, string> = new Map([
  ['DK-DK1', 'DK1'],
  ['DK-DK2', 'DK2'],
]);
/** A day of five-minute steps of both areas. */
const DAY_ROWS = 2 * 24 * 12;

const body = z.object({ records: z.array(z.unknown()) });
const element = z.object({
  // Without a zone, but UTC by its name.
  Minutes5UTC: instant,
  PriceArea: z.string(),
  CO2Emission: z.number().nullable(),
});
type Row = z.output<typeof element>;
type Dataset = 'CO2Emis' | 'CO2EmisProg';

/** Energinet: direct, average intensity of both Danish areas in five-minute steps; one request serves them all. */
export function energinet(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly holdMs: number },
): GridProvider {
  const oncePerMinute = minuteGuard(client);
  const fetchRows = async (key: string, signal: AbortSignal) => {
    const zone = 'DK' as Zone;
    const [dataset = '', from] = key.split(' ');
    const filter = JSON.stringify({ PriceArea: [...AREAS.values()] });
    const query = new URLSearchParams({ filter, ...queryOf(dataset as Dataset, from, client.now()) });
    const url = `${options.baseUrl}/dataset/${dataset}?${query}`;
    const request = () => client.fetch({ zone, url, signal, background: key !== 'CO2Emis' });
    const { json } = await oncePerMinute(dataset, zone, request);
    const rows = usableElements(element, parseAs(body, json, NAME, zone).records, client, zone);
    return { rows, fetchedAt: client.now() };
  };
  const hold = { now: () => client.now(), holdFailureMs };
  const current = coalesceRequests({ ...hold, holdMs: Math.max(options.holdMs, HOLD_MS) }, fetchRows);
  // The archive is fetched once for both areas.
  const archive = coalesceRequests({ ...hold, holdMs: HOUR_MS }, fetchRows);
  const samplesOf = (
    { rows, fetchedAt }: { rows: readonly Row[]; fetchedAt: EpochMs },
    zone: Zone,
    dataset: Dataset,
  ) => {
    const own = rows.flatMap(({ PriceArea, CO2Emission, Minutes5UTC }) =>
      PriceArea === AREAS.get(zone) && CO2Emission !== null
        ? [toSample(zone, Minutes5UTC, fetchedAt, CO2Emission, dataset)]
        : [],
    );
    return plausiblePoints(own, client, zone);
  };
  const fetchSamples = async (dataset: Dataset, zone: Zone, signal: AbortSignal) =>
    samplesOf(await current(dataset, signal).catch(rethrowForZone(zone)), zone, dataset);
  return {
    name: NAME,
    keyless: true,
    archiveMs: 365 * 24 * HOUR_MS,
    covers: (zone) => AREAS.has(zone),
    async latest(zone, signal) {
      const newest = currentPoint(await fetchSamples('CO2Emis', zone, signal), client.now());
      if (newest) return newest;
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'it has no record of the area' });
    },
    async forecast(zone, signal) {
      return hourlyForecast(await fetchSamples('CO2EmisProg', zone, signal));
    },
    async history(zone, signal, from) {
      if (from === undefined) return hourlySamples(await fetchSamples('CO2Emis', zone, signal));
      const day = isoTime(from).slice(0, 10);
      const rows = await archive(`CO2Emis ${day}`, signal).catch(rethrowForZone(zone));
      return hourlySamples(samplesOf(rows, zone, 'CO2Emis'));
    },
  };
}

/** The newest day of values; the forecast from now on, as far as it goes; or everything since a day. Times are Danish without `timezone`. */
function queryOf(dataset: Dataset, from: string | undefined, now: EpochMs): Record<string, string> {
  const ascending = { sort: 'Minutes5UTC asc', limit: '0', timezone: 'UTC' };
  if (from !== undefined) return { start: `${from}T00:00`, ...ascending };
  if (dataset === 'CO2EmisProg') return { start: isoTime(now - HOUR_MS).slice(0, 16), ...ascending };
  return { sort: 'Minutes5UTC desc', limit: String(DAY_ROWS) };
}

/** Sends at most one request per data set and minute, as the service accepts. */
function minuteGuard(client: ProviderClient) {
  const sentAt = new Map<string, EpochMs>();
  return async <Result>(dataset: string, zone: Zone, send: () => Promise<Result>): Promise<Result> => {
    const before = sentAt.get(dataset) ?? Number.NEGATIVE_INFINITY;
    const waitMs = before + HOLD_MS - client.now();
    if (waitMs > 0) throw tooSoon(zone, waitMs);
    sentAt.set(dataset, client.now());
    try {
      return await send();
    } catch (error) {
      // What the client held back was not sent; after a 429 the client itself waits as long as the service says.
      if (failureOf(error).reason === 'rate-limited') sentAt.set(dataset, before);
      throw error;
    }
  };
}

/** The service would refuse the request: it takes one per data set and minute. */
function tooSoon(zone: Zone, waitMs: number): ProviderError {
  const detail = 'not sent: the service accepts one request per data set and minute';
  return new ProviderError({
    provider: NAME,
    zone,
    reason: 'rate-limited',
    detail,
    throttled: true,
    retryAfterMs: waitMs,
  });
}

/** A failed request counts against the minute as well; one that was never sent does not. */
function holdFailureMs(error: unknown): number {
  return failureOf(error).throttled ? 0 : HOLD_MS;
}

function toSample(zone: Zone, datetime: EpochMs, fetchedAt: EpochMs, value: number, dataset: Dataset): IntensitySample {
  return intensitySample({
    zone,
    carbonIntensity: gramsPerKwh(value),
    datetime,
    fetchedAt,
    emissionFactorType: 'direct',
    estimationMethod: dataset === 'CO2Emis' ? 'ENERGINET_CO2EMIS' : 'ENERGINET_CO2EMISPROG',
    provider: NAME,
    quality: dataset === 'CO2Emis' ? 'estimated' : 'forecast',
  });
}

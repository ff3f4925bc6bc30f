import { z } from 'zod';
import { parseInstant } from '../../../shared/grid/instant.ts';
import { energyMix, type IntensitySample, intensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, errorText, type HttpResponse, parseAs } from '../http-client.ts';
import { type GridProvider, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { completeHours, FUELS, type FuelEnergy, fuelIntensity, OTHER_CODES, STORAGE } from './eia-fuels.ts';
import { plausiblePoints, usableElements } from './elements.ts';

const NAME = 'eia';
const ZONE = /^US-[A-Z]+-([A-Z]+)$/;
/** Rows of a request for the newest hours: two days with some ten fuels each. */
const RECENT_ROWS = 480;
/** Most rows of one response. */
const PAGE_ROWS = 5_000;
const MOST_PAGES = 4;

const body = z.object({ response: z.object({ data: z.array(z.unknown()) }) });
const element = z.object({
  period: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d$/, 'is not a UTC hour')
    .refine((hour) => !Number.isNaN(parseInstant(`${hour}:00:00Z`)), 'is not a UTC hour'),
  respondent: z.string(),
  fueltype: z.string().regex(/^[A-Z0-9]{1,8}$/, 'is not a fuel code'),
  // Text in recordings, a number in the documentation's example; null while it is not known.
  value: z.union([z.number(), z.string().regex(/^-?\d{1,15}(\.\d+)?$/, 'is not a number'), z.null()]),
});
type Row = z.output<typeof element>;

/** US Energy Information Administration, Form EIA-930: intensity of the generation of a balancing authority, computed from its fuels; lags by hours. */
export function eia(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly apiKey: string },
): GridProvider {
  const fetchRows = async (zone: Zone, query: Record<string, string>, signal: AbortSignal, background: boolean) => {
    const respondent = ZONE.exec(zone)?.[1] ?? '';
    const parameters = new URLSearchParams({
      api_key: options.apiKey,
      frequency: 'hourly',
      'data[0]': 'value',
      'facets[respondent][]': respondent,
      'sort[0][column]': 'period',
      'sort[0][direction]': 'desc',
      ...query,
    });
    const url = `${options.baseUrl}/electricity/rto/fuel-type-data/data?${parameters}`;
    const { json } = await client.fetch({ zone, url, signal, classify, background });
    const { data } = parseAs(body, json, NAME, zone).response;
    const own = usableElements(element, data, client, zone).filter((row) => row.respondent === respondent);
    if (data.length === 0 || own.length > 0) return own;
    const detail = `the response has no usable row of the respondent ${respondent}`;
    throw new ProviderError({ provider: NAME, zone, reason: 'malformed', detail });
  };
  const recent = async (zone: Zone, signal: AbortSignal, background: boolean): Promise<IntensitySample[]> => {
    const rows = await fetchRows(zone, { length: String(RECENT_ROWS) }, signal, background);
    if (rows.length > 0) return samplesOf(rows, zone, client);
    const detail = `it has no rows of the respondent ${ZONE.exec(zone)?.[1]}`;
    throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail });
  };
  const archive = async (zone: Zone, from: EpochMs, signal: AbortSignal): Promise<IntensitySample[]> => {
    const rows: Row[] = [];
    for (let page = 0; page < MOST_PAGES; page++) {
      const offset = page * PAGE_ROWS;
      const query = { start: isoTime(from).slice(0, 13), length: String(PAGE_ROWS), offset: String(offset) };
      const next = await fetchRows(zone, query, signal, true);
      rows.push(...next);
      if (next.length < PAGE_ROWS) break;
    }
    return samplesOf(rows, zone, client);
  };
  return {
    name: NAME,
    archiveMs: 365 * 24 * HOUR_MS,
    covers: (zone) => ZONE.test(zone),
    async latest(zone, signal) {
      const newest = (await recent(zone, signal, false)).at(-1);
      if (newest) return newest;
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail: 'no hour is complete' });
    },
    history: (zone, signal, from) => (from === undefined ? recent(zone, signal, true) : archive(zone, from, signal)),
  };
}

/** api.data.gov reports a bad key as 403 and too many requests as 429, both with a code. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  if (response.status !== 200 && /OVER_RATE_LIMIT/.test(errorText(response))) return 'rate-limited';
  return classifyResponse(response);
}

/** The complete hours as samples, oldest first. */
function samplesOf(rows: readonly Row[], zone: Zone, client: ProviderClient): IntensitySample[] {
  const hours = [...energyByHour(rows, zone, client)].sort(([a], [b]) => (a < b ? -1 : 1));
  const complete = completeHours(hours.map(([, energy]) => energy));
  const samples = hours.flatMap(([period, energy], index) => {
    const value = complete[index] ? fuelIntensity(energy) : undefined;
    return value === undefined ? [] : [toSample(zone, period, client.now(), energy, value)];
  });
  return plausiblePoints(samples, client, zone);
}

function energyByHour(rows: readonly Row[], zone: Zone, client: ProviderClient): Map<string, FuelEnergy> {
  const hours = new Map<string, Map<string, number>>();
  for (const { period, fueltype, value } of rows) {
    if (value === null) continue;
    if (FUELS[fueltype] === undefined && !STORAGE.has(fueltype) && !OTHER_CODES.has(fueltype))
      client.report(zone, 'unknown-code', `fuel type ${fueltype}`);
    const hour = hours.get(period) ?? new Map<string, number>();
    if (hour.has(fueltype)) client.report(zone, 'duplicate', `two rows of ${fueltype} at ${period}`);
    hours.set(period, hour.set(fueltype, Number(value)));
  }
  return hours;
}

function toSample(zone: Zone, period: string, fetchedAt: EpochMs, energy: FuelEnergy, value: number): IntensitySample {
  const amounts = [...energy]
    .filter(([fuel]) => !STORAGE.has(fuel))
    .map(([fuel, megawattHours]) => [FUELS[fuel]?.[0] ?? 'other', megawattHours] as const);
  return intensitySample({
    zone,
    carbonIntensity: gramsPerKwh(value),
    // EIA-930 stamps an hour with its end.
    datetime: Date.parse(`${period}:00:00Z`) - HOUR_MS,
    fetchedAt,
    estimationMethod: 'EIA_930_FUEL_MIX_IPCC_AR5',
    provider: NAME,
    quality: 'estimated',
    energyMix: energyMix(amounts),
  });
}

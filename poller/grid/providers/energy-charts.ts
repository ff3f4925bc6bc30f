import { z } from 'zod';
import { type IntensitySample, intensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh, HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, type HttpResponse, parseAs } from '../http-client.ts';
import { failureOf, type GridProvider, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { plausiblePoints } from './elements.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';

const NAME = 'energy-charts';
/** A failed request is not repeated sooner: refused ones count against the limit too. */
const FAILURE_HOLD_MS = 10_000;

/** Whole countries only: a country's figure is not that of one of its bidding zones. */
const COUNTRIES = new Set(
  'AL AT BA BE BG CH CY CZ DE EE ES FI FR GR HR HU IE IT LT LU LV ME MK NL PL PT RO RS SI SK XK'.split(' '),
);

const body = z
  .object({
    unix_seconds: z.array(z.unknown()),
    co2eq: z.array(z.unknown()),
    co2eq_forecast: z.array(z.unknown()).nullish(),
    deprecated: z.boolean().nullish(),
  })
  .refine(
    ({ unix_seconds, co2eq, co2eq_forecast }) =>
      co2eq.length === unix_seconds.length && (co2eq_forecast == null || co2eq_forecast.length === unix_seconds.length),
    'the arrays differ in length',
  );

interface Series {
  readonly measured: IntensitySample[];
  readonly forecast: IntensitySample[];
}

/**
 * Energy-Charts (Fraunhofer ISE, CC BY 4.0): average CO2eq of European countries in quarter hours or hours. The forecast
 * ends with the day, from the early evening (CET) on with tomorrow.
 */
export function energyCharts(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly holdMs: number },
): GridProvider {
  const fetchSeries = async (zone: Zone, query: Record<string, string>, signal: AbortSignal, background: boolean) => {
    const url = `${options.baseUrl}/co2eq?${new URLSearchParams({ country: zone.toLowerCase(), ...query })}`;
    const response = await client.fetch({ zone, url, signal, classify, background });
    return seriesOf(parseAs(body, response.json, NAME, zone), zone, client);
  };
  const hold = { now: () => client.now(), holdMs: options.holdMs, holdFailureMs };
  const today = coalesceRequests<Series>(hold, (code, signal) => fetchSeries(code as Zone, {}, signal, false));
  return {
    name: NAME,
    keyless: true,
    archiveMs: 365 * 24 * HOUR_MS,
    covers: (zone) => COUNTRIES.has(zone),
    async latest(zone, signal) {
      const { measured, forecast } = await today(zone, signal);
      const known = currentPoint(measured, client.now()) ?? currentPoint(forecast, client.now());
      if (known) return known;
      const detail = 'no time of today has a value';
      throw new ProviderError({ provider: NAME, zone, reason: 'no-data', detail });
    },
    async forecast(zone, signal) {
      return hourlyForecast((await today(zone, signal)).forecast);
    },
    async history(zone, signal, from) {
      if (from === undefined) return hourlySamples((await today(zone, signal)).measured);
      const query = { start: isoTime(from).slice(0, 10), end: isoTime(client.now()).slice(0, 10) };
      return hourlySamples((await fetchSeries(zone, query, signal, true)).measured);
    },
  };
}

/** A country that it does not know is a 400 in plain text that names it; a 404 is a country without data. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  const namesCountry = response.status === 400 && /country/i.test(response.text);
  return namesCountry || /country not found/i.test(response.text) ? 'not-covered' : classifyResponse(response);
}

function holdFailureMs(error: unknown): number {
  const { throttled, retryAfterMs } = failureOf(error);
  return throttled ? 0 : (retryAfterMs ?? FAILURE_HOLD_MS);
}

/** A measured value wins over a forecast of the same time; null is not a value. */
function seriesOf(response: z.output<typeof body>, zone: Zone, client: ProviderClient): Series {
  if (response.deprecated) client.report(zone, 'deprecated', 'the response of /co2eq has deprecated: true');
  const measured: IntensitySample[] = [];
  const forecast: IntensitySample[] = [];
  for (const [index, seconds] of response.unix_seconds.entries()) {
    const known = response.co2eq[index] ?? null;
    const value = known ?? response.co2eq_forecast?.[index] ?? null;
    if (value === null) continue;
    if (typeof value !== 'number' || typeof seconds !== 'number' || !Number.isSafeInteger(seconds)) {
      client.report(zone, 'malformed', `${index}: the value or its time is not a number`);
      continue;
    }
    const isMeasured = known !== null;
    (isMeasured ? measured : forecast).push(toSample(zone, seconds * 1000, client.now(), value, isMeasured));
  }
  return {
    measured: plausiblePoints(measured, client, zone),
    forecast: plausiblePoints(forecast, client, zone),
  };
}

function toSample(zone: Zone, datetime: EpochMs, fetchedAt: EpochMs, value: number, isMeasured: boolean) {
  return intensitySample({
    zone,
    carbonIntensity: gramsPerKwh(value),
    datetime,
    fetchedAt,
    estimationMethod: isMeasured ? null : 'ENERGY_CHARTS_FORECAST',
    provider: NAME,
    quality: isMeasured ? 'measured' : 'forecast',
  });
}

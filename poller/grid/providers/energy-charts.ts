import { z } from 'zod';
import type { IntensitySample } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { classifyResponse, type HttpResponse, parseAs } from '../http-client.ts';
import { type GridProvider, NO_REVISIONS, ProviderError, type ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import { coalesceRequests } from '../request-coalescing.ts';
import { currentPoint, hourlyForecast, hourlySamples } from './hourly-means.ts';

const NAME = 'energy-charts';

/** Whole countries only: a country's figure is not that of one of its bidding zones. */
const COUNTRIES = new Set(
  'AL AT BA BE BG CH CY CZ DE EE ES FI FR GR HR HU IE IT LT LU LV ME MK NL PL PT RO RS SI SK XK'.split(' '),
);

const values = z.array(z.number().nonnegative().finite().nullable());
const body = z
  .object({ unix_seconds: z.array(z.number().int()), co2eq: values, co2eq_forecast: values.nullish() })
  .refine(
    ({ unix_seconds, co2eq, co2eq_forecast }) =>
      co2eq.length === unix_seconds.length && (co2eq_forecast == null || co2eq_forecast.length === unix_seconds.length),
    'the arrays differ in length',
  );

/** Energy-Charts (Fraunhofer ISE): average CO2eq of European countries in quarter hours, with the forecast of the rest of the day. */
export function energyCharts(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly holdMs: number },
): GridProvider {
  const today = coalesceRequests({ now: () => client.now(), holdMs: options.holdMs }, async (code, signal) => {
    const zone = code as Zone;
    const url = `${options.baseUrl}/co2eq?country=${zone.toLowerCase()}`;
    const response = await client.fetch({ zone, url, signal, classify });
    return samples(zone, parseAs(body, response.json, NAME, zone), client.now());
  });
  return {
    name: NAME,
    keyless: true,
    covers: (zone) => COUNTRIES.has(zone),
    async latest(zone, signal) {
      const { measured, forecast } = await today(zone, signal);
      const known = measured.at(-1) ?? currentPoint(forecast, client.now());
      if (known) return known;
      throw new ProviderError({
        provider: NAME,
        zone,
        reason: 'no-data',
        detail: 'no quarter hour of today has a value',
      });
    },
    async forecast(zone, signal) {
      const { forecast } = await today(zone, signal);
      return hourlyForecast(forecast);
    },
    async history(zone, signal) {
      const { measured } = await today(zone, signal);
      return hourlySamples(measured);
    },
  };
}

/** A country that it does not know is a 404. */
function classify(response: HttpResponse): ProviderErrorReason | undefined {
  return response.status === 404 ? 'not-covered' : classifyResponse(response);
}

function samples(
  zone: Zone,
  of: z.output<typeof body>,
  fetchedAt: number,
): { measured: IntensitySample[]; forecast: IntensitySample[] } {
  const measured: IntensitySample[] = [];
  const forecast: IntensitySample[] = [];
  for (const [index, seconds] of of.unix_seconds.entries()) {
    const known = of.co2eq[index] ?? undefined;
    const value = known ?? of.co2eq_forecast?.[index] ?? undefined;
    if (value === undefined) continue;
    (known === undefined ? forecast : measured).push({
      zone,
      carbonIntensity: gramsPerKwh(value),
      datetime: seconds * 1000,
      fetchedAt,
      ...NO_REVISIONS,
      emissionFactorType: 'lifecycle',
      isEstimated: known === undefined,
      estimationMethod: known === undefined ? 'ENERGY_CHARTS_FORECAST' : null,
      provider: NAME,
      signal: 'average',
      quality: known === undefined ? 'forecast' : 'measured',
    });
  }
  return { measured, forecast };
}

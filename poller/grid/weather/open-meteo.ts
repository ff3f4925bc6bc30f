import { z } from 'zod';
import type { Weather, ZoneWeather } from '../../../shared/forecast/weather.ts';
import { type EpochMs, HOUR_MS } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { parseAs } from '../http-client.ts';
import { ProviderError } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';
import type { WeatherPoint } from './weather-points.ts';

/** Name of the service in logs and metrics. */
export const OPEN_METEO = 'open-meteo';
/** Days of lead that are requested: the day's own forecast, and those of one to three days before. */
const LEADS = [0, 1, 2, 3] as const;
/** Days ahead: today and the three that 72 hours reach. */
const FORECAST_DAYS = 4;
/** Variables with the unit that they are requested in. Wind at two hub heights, because not every weather model has both. */
const UNITS = {
  wind_speed_120m: 'm/s',
  wind_speed_80m: 'm/s',
  temperature_2m: '°C',
  shortwave_radiation: 'W/m²',
} as const;
type Variable = keyof typeof UNITS;
const VARIABLES = Object.keys(UNITS) as Variable[];
/** Radiation is the mean of the hour before its time stamp. */
const STAMP_SHIFT_MS: Partial<Record<Variable, number>> = { shortwave_radiation: -HOUR_MS };

const place = z.object({
  hourly_units: z.record(z.string(), z.string()),
  hourly: z.record(z.string(), z.array(z.number().nullable())),
});
/** One place is an object of its own, several are an array in the order of the request. */
const body = z.union([place.transform((one) => [one]), z.array(place)]);

/** What is requested of the service. */
export interface OpenMeteoOptions {
  /** Base address of a service with previous runs, without `/v1`. */
  readonly baseUrl: string;
  /** For paying customers; absent: none is sent. */
  readonly apiKey?: string | undefined;
}

/** Fetches the weather of a zone, weighted over its points, as it was forecast in the last `pastDays` days (at most 92) and is for the next three; throws a ProviderError. */
export async function fetchOpenMeteo(
  client: ProviderClient,
  options: OpenMeteoOptions,
  request: {
    readonly zone: Zone;
    readonly points: readonly WeatherPoint[];
    readonly pastDays: number;
    readonly signal: AbortSignal;
  },
): Promise<ZoneWeather> {
  const { zone, points, pastDays, signal } = request;
  const query = new URLSearchParams({
    latitude: points.map(({ latitude }) => latitude).join(),
    longitude: points.map(({ longitude }) => longitude).join(),
    hourly: LEADS.flatMap((lead) => VARIABLES.map((variable) => nameOf(variable, lead))).join(),
    past_days: String(pastDays),
    forecast_days: String(FORECAST_DAYS),
    timezone: 'GMT',
    timeformat: 'unixtime',
    wind_speed_unit: 'ms',
    temperature_unit: 'celsius',
    ...(options.apiKey !== undefined && { apikey: options.apiKey }),
  });
  const response = await client.fetch({ zone, url: `${options.baseUrl}/v1/forecast?${query}`, signal });
  const places = parseAs(body, response.json, OPEN_METEO, zone);
  const malformed = (detail: string) => new ProviderError({ provider: OPEN_METEO, zone, reason: 'malformed', detail });
  if (places.length !== points.length)
    throw malformed(`${places.length} places in the response, ${points.length} were requested`);
  for (const { hourly, hourly_units } of places) {
    const issue = issueOf(hourly, hourly_units);
    if (issue) throw malformed(issue);
  }
  return weatherOf(places, points);
}

function nameOf(variable: Variable, lead: number): string {
  return lead === 0 ? variable : `${variable}_previous_day${lead}`;
}

/** Why a place cannot be used; undefined when it can. A wrong unit would teach wrong weather without any sign of it. */
function issueOf(hourly: z.output<typeof place>['hourly'], units: Record<string, string>): string | undefined {
  const { time } = hourly;
  if (!time?.length || time.some((at) => at === null || (at * 1000) % HOUR_MS !== 0))
    return 'hourly.time: not a list of full hours in seconds';
  for (const lead of LEADS) {
    for (const variable of VARIABLES) {
      const name = nameOf(variable, lead);
      if (hourly[name]?.length !== time.length) return `hourly.${name}: not as long as hourly.time`;
      const unit = units[name];
      if (unit !== UNITS[variable] && hourly[name].some((value) => value !== null))
        return `hourly_units.${name}: ${unit} instead of ${UNITS[variable]}`;
    }
  }
  return undefined;
}

function weatherOf(places: readonly z.output<typeof place>[], points: readonly WeatherPoint[]): ZoneWeather {
  const start = ((places[0]?.hourly.time?.[0] as number) ?? 0) * 1000;
  const hours = places[0]?.hourly.time?.length ?? 0;
  const meanOf = (variable: Variable, lead: number) => {
    const values = Float64Array.from({ length: hours }, (_, hour) => {
      let [sum, weights] = [0, 0];
      for (const [index, { hourly }] of places.entries()) {
        const value = hourly[nameOf(variable, lead)]?.[hour] ?? null;
        const weight = points[index]?.weight ?? 0;
        if (value === null) return Number.NaN;
        sum += weight * value;
        weights += weight;
      }
      return sum / weights;
    });
    return { start: (start + (STAMP_SHIFT_MS[variable] ?? 0)) as EpochMs, values };
  };
  const byLead = LEADS.map((lead): Weather => {
    const high = meanOf('wind_speed_120m', lead);
    const low = meanOf('wind_speed_80m', lead);
    // One height throughout: a mixture would be a jump of the wind that never was.
    const wind = high.values.every(Number.isNaN) ? low : high;
    return { wind, temperature: meanOf('temperature_2m', lead), radiation: meanOf('shortwave_radiation', lead) };
  });
  const [own, ...earlier] = byLead as [Weather, ...Weather[]];
  // Leads that the service does not keep are left out: a nearer one serves for them.
  const kept = earlier.filter(({ wind }) => !wind.values.every(Number.isNaN));
  return { byLead: [own, ...kept] };
}

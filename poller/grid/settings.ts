import { z } from 'zod';
import { flag, httpUrl, integer, list, positive } from '../../shared/runtime/config.ts';

/** Names of all providers, as GRID_PROVIDERS takes them, in their default order of preference. */
export const PROVIDER_NAMES = [
  'replay',
  'json',
  'electricity-maps',
  'watttime',
  'carbon-aware-sdk',
  'eia',
  'uk-carbon-intensity',
  'energinet',
  'energy-charts',
  'yearly-average',
] as const;
/** Name of a provider. */
export type ProviderName = (typeof PROVIDER_NAMES)[number];

const secret = (description: string) => z.string().optional().meta({ secret: true, description });
const perHour = (standard: number, name: string) =>
  integer(1, 1_000_000).default(standard).describe(`Maximum requests to ${name} per hour`);
const pairs = (description: string) =>
  list()
    .pipe(z.array(z.string().regex(/^[A-Za-z0-9-]+[:=].+$/, 'is not of the form ZONE:NAME')))
    .transform((items) => new Map(items.map((item) => splitPair(item))))
    .default(new Map())
    .describe(description);

/** Settings of the grid task: providers, rate limits, alerts. */
export const gridSettings = {
  GRID_PROVIDERS: list()
    .pipe(z.array(z.enum(PROVIDER_NAMES, { error: `is not one of ${PROVIDER_NAMES.join(', ')}` })).min(1))
    .optional()
    .describe(
      'Providers in order of preference. By default: those with a key or an address, then the key-less ones that cover the zone, then yearly averages',
    ),
  GRID_CONCURRENCY: integer(1, 64).default(4).describe('Requests to one grid data provider at the same time'),
  GRID_TIMEOUT_SECONDS: positive(300).default(10).describe('Timeout of one request to a grid data provider'),
  USER_AGENT_CONTACT: z
    .string()
    .regex(/^[\x21-\x27\x2a-\x7e]{3,200}$/, 'is not a mail address or URL')
    .optional()
    .describe(
      'Mail address or URL in the User-Agent of requests to grid data providers, so that they can reach you; some block clients without',
    ),
  GRID_FORECAST: flag().default(true).describe('Whether forecasts are fetched, or made from the recorded history'),
  GRID_BACKFILL: flag().default(true).describe('Whether past hours are fetched, at the start and every six hours'),
  ELECTRICITY_MAPS_API_KEY: secret('Key for Electricity Maps'),
  ELECTRICITY_MAPS_URL: httpUrl()
    .default('https://api.electricitymaps.com/v4')
    .describe('Base address of the Electricity Maps API, with its version (`/v4` or `/v3`)'),
  ELECTRICITY_MAPS_REQUESTS_PER_HOUR: perHour(360, 'Electricity Maps'),
  WATTTIME_USERNAME: z.string().optional().describe('WattTime account; with WATTTIME_PASSWORD'),
  WATTTIME_PASSWORD: secret('Password of the WattTime account'),
  WATTTIME_URL: httpUrl().default('https://api.watttime.org').describe('Base address of WattTime, without `/v3`'),
  WATTTIME_SIGNAL: z
    .enum(['co2_moer', 'co2_aoer'])
    .default('co2_moer')
    .describe('`co2_moer`: marginal; `co2_aoer`: average, where licensed'),
  WATTTIME_REGIONS: pairs(
    'WattTime region of zones, as `ZONE:REGION` or `ZONE:latitude/longitude`, with commas between. By default US-CAL-CISO is CAISO_NORTH, and other zones are looked up at WattTime by the location of their cloud regions',
  ),
  WATTTIME_REQUESTS_PER_HOUR: perHour(3000, 'WattTime'),
  CARBON_AWARE_SDK_URL: httpUrl().optional().describe('Base address of your own Carbon Aware SDK WebAPI'),
  CARBON_AWARE_SDK_LOCATIONS: pairs('Its location for each zone, as `ZONE:location` with commas between'),
  CARBON_AWARE_SDK_SIGNAL: z
    .enum(['average', 'marginal'])
    .default('marginal')
    .describe('The signal of its data source: WattTime is marginal, Electricity Maps average'),
  CARBON_AWARE_SDK_REQUESTS_PER_HOUR: perHour(3600, 'the Carbon Aware SDK'),
  EIA_API_KEY: secret('Key for the US Energy Information Administration; `DEMO_KEY` allows 50 requests a day'),
  EIA_URL: httpUrl().default('https://api.eia.gov/v2').describe('Base address of the EIA API, with its version'),
  EIA_REQUESTS_PER_HOUR: perHour(600, 'EIA').describe(
    'Maximum requests to EIA per hour; never more than 2 with DEMO_KEY, which allows 50 a day',
  ),
  UK_CARBON_INTENSITY_URL: httpUrl()
    .default('https://api.carbonintensity.org.uk')
    .describe("Base address of Great Britain's Carbon Intensity API (no key; zones GB and GB-1 to GB-17)"),
  UK_CARBON_INTENSITY_REQUESTS_PER_HOUR: perHour(240, 'the UK Carbon Intensity API'),
  ENERGINET_URL: httpUrl()
    .default('https://api.energidataservice.dk')
    .describe('Base address of Energinet (no key; zones DK-DK1 and DK-DK2)'),
  ENERGINET_REQUESTS_PER_HOUR: perHour(60, 'Energinet'),
  ENERGY_CHARTS_URL: httpUrl()
    .default('https://api.energy-charts.info')
    .describe('Base address of Energy-Charts (no key; European countries)'),
  ENERGY_CHARTS_REQUESTS_PER_HOUR: perHour(240, 'Energy-Charts'),
  GRID_JSON_SOURCE: secret('Path or http address of a JSON document with your own intensities by zone'),
  GRID_JSON_SOURCE_REQUESTS_PER_HOUR: perHour(3600, 'GRID_JSON_SOURCE'),
  REPLAY_TRACE: z
    .string()
    .optional()
    .describe('CSV file (may be gzipped) to replay instead of live providers; every value is labelled `simulated`'),
  WEATHER_PROVIDER: z
    .enum(['off', 'open-meteo'])
    .default('off')
    .describe(
      'Weather forecasts as an input of our own forecasts, used for a zone only where they improved its last weeks. `open-meteo`: data CC BY 4.0, with a link to open-meteo.com where shown; its free service is for **non-commercial use only**. Commercial users need a plan (WEATHER_API_KEY) or run the AGPL-3.0 server themselves (WEATHER_URL)',
    ),
  WEATHER_URL: httpUrl()
    .default('https://previous-runs-api.open-meteo.com')
    .describe(
      'Base address of an Open-Meteo service that has previous runs, without `/v1`; for paying customers `https://customer-previous-runs-api.open-meteo.com`',
    ),
  WEATHER_API_KEY: secret('Key of a paid Open-Meteo plan'),
  WEATHER_REQUESTS_PER_HOUR: perHour(60, 'the weather service'),
  SLACK_WEBHOOK_URL: httpUrl()
    .optional()
    .meta({ secret: true, description: 'Slack incoming webhook for alerts about grid data and carbon budgets' }),
  ALERT_INTENSITY: positive()
    .default(500)
    .describe('Carbon intensity in gCO2eq/kWh above which an alert about a zone is sent'),
};

/** The values of {@link gridSettings}. */
export type GridSettings = z.output<z.ZodObject<typeof gridSettings>>;

/** Settings that a provider requires. */
const REQUIRED: Partial<Record<ProviderName, readonly (keyof GridSettings)[]>> = {
  replay: ['REPLAY_TRACE'],
  json: ['GRID_JSON_SOURCE'],
  'electricity-maps': ['ELECTRICITY_MAPS_API_KEY'],
  watttime: ['WATTTIME_USERNAME', 'WATTTIME_PASSWORD'],
  'carbon-aware-sdk': ['CARBON_AWARE_SDK_URL'],
  eia: ['EIA_API_KEY'],
};

/** Whether all settings that a provider requires are given. */
export function isConfigured(name: ProviderName, config: GridSettings): boolean {
  return (REQUIRED[name] ?? []).every((setting) => config[setting] !== undefined);
}

/** Checks settings against each other. */
export function checkGridSettings(config: GridSettings, context: z.RefinementCtx): void {
  for (const name of config.GRID_PROVIDERS ?? []) {
    if (isConfigured(name, config)) continue;
    const message = `names ${name}, which needs ${REQUIRED[name]?.join(' and ')}`;
    context.addIssue({ code: 'custom', path: ['GRID_PROVIDERS'], message });
  }
  if ((config.WATTTIME_USERNAME === undefined) !== (config.WATTTIME_PASSWORD === undefined)) {
    const message = 'and WATTTIME_PASSWORD are needed together; only one of them is set';
    context.addIssue({ code: 'custom', path: ['WATTTIME_USERNAME'], message });
  }
}

function splitPair(item: string): [zone: string, name: string] {
  const at = item.search(/[:=]/);
  return [item.slice(0, at).toUpperCase(), item.slice(at + 1).trim()];
}

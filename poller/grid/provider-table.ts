import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { outboundDispatcher } from '../../shared/runtime/outbound.ts';
import type { PollerConfig } from '../config.ts';
import type { ProviderClientMetrics } from './grid-metrics.ts';
import { userAgentOf } from './http-client.ts';
import type { GridProvider } from './provider.ts';
import { createProviderClient, type ProviderClient } from './provider-client.ts';
import { carbonAwareSdk } from './providers/carbon-aware-sdk.ts';
import { eia } from './providers/eia.ts';
import { electricityMaps } from './providers/electricity-maps.ts';
import { energinet } from './providers/energinet.ts';
import { energyCharts } from './providers/energy-charts.ts';
import { jsonSource } from './providers/json-source.ts';
import { loadTrace, replay } from './providers/replay.ts';
import { ukCarbonIntensity } from './providers/uk-carbon-intensity.ts';
import { wattTime } from './providers/watttime.ts';
import { yearlyAverage } from './providers/yearly-average.ts';
import { isConfigured, PROVIDER_NAMES, type ProviderName } from './settings.ts';

/** What a provider is made from: its settings, a clock, its client, and for how long responses of key-less services are reused. */
interface Parts {
  readonly config: PollerConfig;
  readonly clock: Clock;
  readonly holdMs: number;
  client(requestsPerHour: number, ...secrets: string[]): ProviderClient;
}

/** EIA's DEMO_KEY allows 30 requests an hour and 50 a day from one address. */
const DEMO_KEY_PER_HOUR = 2;

/** Every provider and how it is made; only called when all required settings are given. */
const TABLE: Record<ProviderName, (parts: Parts) => GridProvider> = {
  replay: ({ config, clock }) => replay(loadTrace(config.REPLAY_TRACE ?? ''), clock),
  json: ({ config: { GRID_JSON_SOURCE: source = '', GRID_JSON_SOURCE_REQUESTS_PER_HOUR: perHour }, client }) =>
    jsonSource(client(perHour, source), { source }),
  'electricity-maps': ({ config, client }) => {
    const { ELECTRICITY_MAPS_URL: baseUrl, ELECTRICITY_MAPS_API_KEY: apiKey = '' } = config;
    return electricityMaps(client(config.ELECTRICITY_MAPS_REQUESTS_PER_HOUR, apiKey), { baseUrl, apiKey });
  },
  watttime: ({ config, client }) => {
    const { WATTTIME_USERNAME: username = '', WATTTIME_PASSWORD: password = '' } = config;
    return wattTime(client(config.WATTTIME_REQUESTS_PER_HOUR, username, password), {
      baseUrl: config.WATTTIME_URL,
      username,
      password,
      signalType: config.WATTTIME_SIGNAL,
      // The one region that every account has access to.
      regions: new Map([['US-CAL-CISO', 'CAISO_NORTH'], ...config.WATTTIME_REGIONS]),
    });
  },
  'carbon-aware-sdk': ({ config, client }) =>
    carbonAwareSdk(client(config.CARBON_AWARE_SDK_REQUESTS_PER_HOUR), {
      baseUrl: config.CARBON_AWARE_SDK_URL ?? '',
      locations: config.CARBON_AWARE_SDK_LOCATIONS,
      signal: config.CARBON_AWARE_SDK_SIGNAL,
    }),
  eia: ({ config, client }) => {
    const { EIA_URL: baseUrl, EIA_API_KEY: apiKey = '', EIA_REQUESTS_PER_HOUR: perHour } = config;
    return eia(client(apiKey === 'DEMO_KEY' ? Math.min(perHour, DEMO_KEY_PER_HOUR) : perHour, apiKey), {
      baseUrl,
      apiKey,
    });
  },
  'uk-carbon-intensity': ({ config, client, holdMs }) =>
    ukCarbonIntensity(client(config.UK_CARBON_INTENSITY_REQUESTS_PER_HOUR), {
      baseUrl: config.UK_CARBON_INTENSITY_URL,
      holdMs,
    }),
  energinet: ({ config, client, holdMs }) =>
    energinet(client(config.ENERGINET_REQUESTS_PER_HOUR), { baseUrl: config.ENERGINET_URL, holdMs }),
  'energy-charts': ({ config, client, holdMs }) =>
    energyCharts(client(config.ENERGY_CHARTS_REQUESTS_PER_HOUR), { baseUrl: config.ENERGY_CHARTS_URL, holdMs }),
  'yearly-average': ({ clock }) => yearlyAverage(clock),
};

/** Services that limit their clients to one request at a time with pauses between: milliseconds from start to start. */
const SPACING_MS: Partial<Record<ProviderName, number>> = { 'energy-charts': 8_000 };
/** Poll intervals for which a response of a key-less service is reused at least. */
const HOLD_INTERVALS = 1.2;
/** Longest time for which a response of a key-less service is reused beyond that. */
const LONGEST_HOLD_MS = 15 * 60_000;

/** The providers of a configuration, in order of preference. */
export function gridProviders(
  config: PollerConfig,
  clock: Clock,
  metrics?: ProviderClientMetrics,
  logger?: Logger,
): GridProvider[] {
  const intervalMs = config.POLL_INTERVAL_MINUTES * 60_000;
  const dispatcher = outboundDispatcher(config);
  const userAgent = userAgentOf(config.USER_AGENT_CONTACT);
  // Longer than the next poll cycle is away, with its jitter; a third of the TTL where that is longer.
  const holdMs = Math.max(
    intervalMs * HOLD_INTERVALS,
    Math.min((config.CACHE_TTL_MINUTES / 3) * 60_000, LONGEST_HOLD_MS),
  );
  return chosen(config).map((name) => {
    const client = (requestsPerHour: number, ...secrets: string[]) =>
      createProviderClient({
        provider: name,
        clock,
        requestsPerHour,
        timeoutMs: config.GRID_TIMEOUT_SECONDS * 1000,
        concurrency: config.GRID_CONCURRENCY,
        longestPauseMs: (config.POLL_INTERVAL_MINUTES * 60_000) / 2,
        secrets,
        spacingMs: SPACING_MS[name],
        maxIntensity: config.MAX_INTENSITY,
        ...{ metrics, logger, dispatcher, userAgent },
      });
    return TABLE[name]({ config, clock, holdMs, client });
  });
}

/** The configured providers; by default a replay alone, or all providers whose required settings are given. */
function chosen(config: PollerConfig): readonly ProviderName[] {
  if (config.GRID_PROVIDERS) return config.GRID_PROVIDERS;
  if (config.REPLAY_TRACE !== undefined) return ['replay'];
  return PROVIDER_NAMES.filter((name) => isConfigured(name, config));
}

import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import { outboundDispatcher } from '../../../shared/runtime/outbound.ts';
import type { PollerConfig } from '../../config.ts';
import type { ProviderClientMetrics } from '../grid-metrics.ts';
import { userAgentOf } from '../http-client.ts';
import { createProviderClient } from '../provider-client.ts';
import { fetchOpenMeteo, OPEN_METEO } from './open-meteo.ts';
import { weatherPoints } from './weather-points.ts';
import { createWeatherSource, type WeatherSource } from './weather-source.ts';

/** The weather source of a configuration; undefined while none is switched on. */
export function configuredWeather(
  config: PollerConfig,
  clock: Clock,
  logger: Logger,
  metrics?: ProviderClientMetrics,
): WeatherSource | undefined {
  if (config.WEATHER_PROVIDER === 'off') return undefined;
  const { WEATHER_URL: baseUrl, WEATHER_API_KEY: apiKey } = config;
  const client = createProviderClient({
    provider: OPEN_METEO,
    requestsPerHour: config.WEATHER_REQUESTS_PER_HOUR,
    concurrency: 1,
    timeoutMs: config.GRID_TIMEOUT_SECONDS * 1000,
    secrets: apiKey === undefined ? [] : [apiKey],
    dispatcher: outboundDispatcher(config),
    userAgent: userAgentOf(config.USER_AGENT_CONTACT),
    ...{ clock, logger, metrics },
  });
  return createWeatherSource({
    clock,
    logger,
    pointsOf: weatherPoints,
    fetch: (request) => fetchOpenMeteo(client, { baseUrl, apiKey }, request),
  });
}

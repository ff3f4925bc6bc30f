import type { Clock } from '../../shared/runtime/clock.ts';
import type { PollerConfig } from '../config.ts';
import { electricityMaps } from './electricity-maps.ts';
import type { GridProvider } from './provider.ts';
import { loadTrace, replay } from './replay.ts';
import { yearlyAverage } from './yearly-average.ts';

/** Every provider: how it is made from the configuration, or undefined where the configuration does not ask for it. In order of preference. */
const TABLE: readonly ((config: PollerConfig, clock: Clock) => GridProvider | undefined)[] = [
  (config, clock) => (config.REPLAY_TRACE === undefined ? undefined : replay(loadTrace(config.REPLAY_TRACE), clock)),
  (config, clock) =>
    config.ELECTRICITY_MAPS_API_KEY === undefined || config.REPLAY_TRACE !== undefined
      ? undefined
      : electricityMaps({
          baseUrl: config.ELECTRICITY_MAPS_URL,
          apiKey: config.ELECTRICITY_MAPS_API_KEY,
          timeoutMs: config.GRID_TIMEOUT_SECONDS * 1000,
          clock,
        }),
  (config, clock) => (config.REPLAY_TRACE === undefined ? yearlyAverage(clock) : undefined),
];

/** The chain of providers that a configuration asks for. */
export function gridProviders(config: PollerConfig, clock: Clock): GridProvider[] {
  return TABLE.map((make) => make(config, clock)).filter((provider) => provider !== undefined);
}

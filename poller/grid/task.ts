import type { Zone } from '../../shared/grid/zones.ts';
import type { IntensityReader, IntensityWriter } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { RecordingStore } from '../../shared/store/store.ts';
import type { PollerConfig } from '../config.ts';
import type { PollerMetrics } from '../metrics.ts';
import { openCacheWriter } from './cache-writer.ts';
import { createEnrichment, type Forecaster } from './enrichment.ts';
import { createFailover } from './failover.ts';
import { openHistory } from './history.ts';
import { historyForecaster } from './history-forecaster.ts';
import { openAlerts } from './open-alerts.ts';
import { createPollCycle, type PollCycle } from './poll-cycle.ts';
import { gridProviders } from './provider-table.ts';
import { configuredWeather } from './weather/configured-weather.ts';
import { namedZones, requireKnownZones } from './zone-names.ts';

/** Share of the interval by which poll cycles are spread, so that many pollers do not send requests at once. */
const JITTER = 0.1;
const ATTEMPTS = 3;
const BACKOFF_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** What the grid task needs. */
export interface GridTaskOptions {
  readonly config: PollerConfig;
  readonly store: Pick<IntensityWriter, 'record'> & Partial<Pick<IntensityReader, 'intensities'>>;
  /** Where alerts are remembered; absent: in this process alone. */
  readonly alerts?: Pick<RecordingStore, 'alerts' | 'lease'> | undefined;
  readonly metrics: PollerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes forecasts where the provider has none; by default from the history. */
  readonly forecaster?: Forecaster | undefined;
  /** Requests to one provider for one zone in one poll cycle. */
  readonly attempts?: number;
  /** Called after each poll cycle with the number of zones in the document. */
  readonly onCycle?: (zonesWritten: number) => void;
}

/** Starts the loop that fetches carbon intensity and writes the cache file. */
export async function startGridTask(options: GridTaskOptions): Promise<AsyncDisposable> {
  const { config, metrics, clock, logger, onCycle } = options;
  const { zones, pollCycle } = await preparePollCycle(options);
  warnOfSettings(config, zones, logger);
  await using stack = new AsyncDisposableStack();
  const alerts = stack.use(
    await openAlerts({ config, zones, clock, logger, metrics: metrics.grid, store: options.alerts }),
  );
  const loop = startLoop({
    name: 'grid',
    intervalMs: config.POLL_INTERVAL_MINUTES * 60_000,
    jitter: JITTER,
    clock,
    logger,
    task: async (signal) => {
      const { samples, written } = await pollCycle(signal);
      if (signal.aborted) return;
      onCycle?.(written.length);
      await alerts?.observe(samples, signal);
    },
  });
  stack.use(loop);
  return stack.move();
}

/** Wires a poll cycle: providers with failover, the cache file, the history and the enrichment. */
export async function preparePollCycle(
  options: GridTaskOptions,
): Promise<{ zones: readonly Zone[]; pollCycle: PollCycle }> {
  const { config, store, metrics, clock, logger, forecaster, attempts = ATTEMPTS } = options;
  const named = namedZones(config.ZONES);
  const zones = [...new Set(named.map(({ zone }) => zone))];
  const providers = gridProviders(config, clock, metrics.grid.client, logger);
  await requireKnownZones(named, providers, logger);
  logger.info(
    { zones: config.ZONES, providers: providers.map(({ name }) => name), file: config.CACHE_FILE },
    'grid task started',
  );
  const failover = createFailover({
    providers,
    clock,
    attempts,
    backoffMs: BACKOFF_MS,
    longestPauseMs: Math.min((config.POLL_INTERVAL_MINUTES * 60_000) / 2, LONGEST_PAUSE_MS),
    onAttempt: metrics.countAttempt,
  });
  const cache = await openCacheWriter({
    file: config.CACHE_FILE,
    ttlMinutes: config.CACHE_TTL_MINUTES,
    naive: config.CACHE_TIMESTAMPS === 'naive',
    maxIntensity: config.MAX_INTENSITY,
    ...{ named, clock },
  });
  const history = openHistory({ named, store, metrics: metrics.grid, logger });
  const enabled = { forecast: config.GRID_FORECAST, backfill: config.GRID_BACKFILL };
  const { intensities } = store;
  const weather = configuredWeather(config, clock, logger, metrics.grid.client);
  const ours =
    intensities &&
    historyForecaster({ intensities: (of, range) => intensities.call(store, of, range) }, zones, weather);
  const enrichment = createEnrichment({
    ...{ providers, history, store, enabled, clock, logger },
    inherited: cache.inherited,
    forecaster: forecaster ?? ours,
    accuracy: metrics.accuracy,
    metrics: metrics.grid,
  });
  const pollCycle = createPollCycle({
    ...{ zones, named, providers, failover, cache, history, enrichment, metrics, clock, logger },
  });
  return { zones, pollCycle };
}

/** Warns of settings that let samples expire before they can be renewed. */
function warnOfSettings(config: PollerConfig, zones: readonly Zone[], logger: Logger): void {
  const { POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES, ELECTRICITY_MAPS_REQUESTS_PER_HOUR: limit } = config;
  if (POLL_INTERVAL_MINUTES >= CACHE_TTL_MINUTES) {
    const facts = { code: 'CACHE_TTL_TOO_SHORT', POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES };
    logger.warn(facts, 'the cache expires before the next poll cycle; raise CACHE_TTL_MINUTES or poll more often');
  }
  const needed = Math.ceil((60 / POLL_INTERVAL_MINUTES) * zones.length);
  if (config.ELECTRICITY_MAPS_API_KEY !== undefined && needed > limit) {
    const facts = { code: 'RATE_LIMIT_TOO_LOW', needed, limit, zones: zones.length, POLL_INTERVAL_MINUTES };
    logger.warn(
      facts,
      'ELECTRICITY_MAPS_REQUESTS_PER_HOUR is too low for every zone in every poll cycle; raise it or poll less often',
    );
  }
}

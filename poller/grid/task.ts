import { parseZone, type Zone } from '../../shared/grid/zones.ts';
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

/** Share of the interval by which rounds are spread, so that many pollers do not ask at once. */
const JITTER = 0.1;
const ATTEMPTS = 3;
const BACKOFF_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** What the grid task is given. */
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
  /** Questions to one provider about one zone in one round. */
  readonly attempts?: number;
  /** Told after each round how many zones the document holds. */
  readonly onRound?: (zonesWritten: number) => void;
}

/** Starts the loop that asks for carbon intensity and writes the cache file. */
export async function startGridTask(options: GridTaskOptions): Promise<AsyncDisposable> {
  const { config, metrics, clock, logger, onRound } = options;
  const { zones, round } = await prepareRounds(options);
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
      const { readings, written } = await round(signal);
      if (signal.aborted) return;
      onRound?.(written.length);
      await alerts?.observe(readings, signal);
    },
  });
  stack.use(loop);
  return stack.move();
}

/** Wires what a round needs: providers in a chain, the cache file, the history, and what is good to have beside. */
export async function prepareRounds(options: GridTaskOptions): Promise<{ zones: readonly Zone[]; round: PollCycle }> {
  const { config, store, metrics, clock, logger, forecaster, attempts = ATTEMPTS } = options;
  const zones = resolveZones(config.ZONES, logger);
  const providers = gridProviders(config, clock, metrics.grid.line);
  logger.info({ zones, providers: providers.map(({ name }) => name), file: config.CACHE_FILE }, 'grid task started');
  const chain = createFailover({
    providers,
    clock,
    attempts,
    backoffMs: BACKOFF_MS,
    longestPauseMs: Math.min((config.POLL_INTERVAL_MINUTES * 60_000) / 2, LONGEST_PAUSE_MS),
    onAnswer: metrics.countAnswer,
  });
  const cache = await openCacheWriter(config.CACHE_FILE, config.CACHE_TTL_MINUTES, zones, clock);
  const history = openHistory({ store, metrics: metrics.grid, logger });
  const wanted = { forecast: config.GRID_FORECAST, backfill: config.GRID_BACKFILL };
  const { intensities } = store;
  const ours =
    intensities && historyForecaster({ intensities: (of, range) => intensities.call(store, of, range) }, zones);
  const extras = createEnrichment({
    ...{ providers, history, store, wanted, clock, logger },
    forecaster: forecaster ?? ours,
    accuracy: metrics.accuracy,
    metrics: metrics.grid,
  });
  return { zones, round: createPollCycle({ zones, providers, chain, cache, history, extras, metrics, clock, logger }) };
}

/** Turns the configured codes into zones, each once; corrected codes are named in a warning. */
export function resolveZones(codes: readonly string[], logger: Logger): Zone[] {
  const zones = new Set<Zone>();
  for (const code of codes) {
    const parsed = parseZone(code);
    if (parsed.kind === 'malformed') continue;
    if (parsed.kind === 'corrected')
      logger.warn({ given: parsed.from, used: parsed.zone }, 'a zone code in ZONES was corrected');
    zones.add(parsed.zone);
  }
  return [...zones];
}

/** Settings that are allowed, but let readings expire before they can be renewed. */
function warnOfSettings(config: PollerConfig, zones: readonly Zone[], logger: Logger): void {
  const { POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES, ELECTRICITY_MAPS_REQUESTS_PER_HOUR: budget } = config;
  if (POLL_INTERVAL_MINUTES >= CACHE_TTL_MINUTES) {
    const facts = { POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES };
    logger.warn(facts, 'the cache expires before the next round: raise the TTL or poll more often');
  }
  const needed = Math.ceil((60 / POLL_INTERVAL_MINUTES) * zones.length);
  if (config.ELECTRICITY_MAPS_API_KEY !== undefined && needed > budget) {
    const facts = { needed, budget, zones: zones.length, POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES };
    logger.warn(facts, 'the budget of Electricity Maps does not serve every zone in every round: poll less often');
  }
}

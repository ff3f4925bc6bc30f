import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { IntensityWriter } from '../../shared/store/ports.ts';
import { parseZone, type Zone } from '../../shared/zones.ts';
import type { PollerConfig } from '../config.ts';
import type { PollerMetrics } from '../metrics.ts';
import { openCacheWriter } from './cache-writer.ts';
import { pollOnce } from './poll.ts';
import { gridProviders } from './providers.ts';

/** Share of the interval by which rounds are spread, so that many pollers do not ask at once. */
const JITTER = 0.1;

/** What the grid task is given. */
export interface GridTaskOptions {
  readonly config: PollerConfig;
  readonly store: IntensityWriter;
  readonly metrics: PollerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told after each round how many zones the document holds. */
  readonly onRound?: (zonesWritten: number) => void;
}

/** Starts the loop that asks for carbon intensity and writes the cache file. */
export async function startGridTask(options: GridTaskOptions): Promise<AsyncDisposable> {
  const { config, store, metrics, clock, logger, onRound } = options;
  const zones = resolveZones(config.ZONES, logger);
  const providers = gridProviders(config, clock);
  const intervalMs = config.POLL_INTERVAL_MINUTES * 60_000;
  if (config.POLL_INTERVAL_MINUTES >= config.CACHE_TTL_MINUTES) {
    const { POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES } = config;
    logger.warn(
      { POLL_INTERVAL_MINUTES, CACHE_TTL_MINUTES },
      'the cache expires before the next round: raise the TTL or poll more often',
    );
  }
  logger.info({ zones, providers: providers.map(({ name }) => name), file: config.CACHE_FILE }, 'grid task started');
  const cache = await openCacheWriter(config.CACHE_FILE, config.CACHE_TTL_MINUTES, zones, clock);
  const round = {
    zones,
    providers,
    cache,
    store,
    metrics,
    clock,
    logger,
    concurrency: config.GRID_CONCURRENCY,
    attempts: 3,
    backoffMs: 500,
    longestPauseMs: Math.min(intervalMs / 2, 60_000),
    onAnswer: metrics.countAnswer,
  };
  return startLoop({
    name: 'grid',
    intervalMs,
    jitter: JITTER,
    clock,
    logger,
    task: async (signal) => {
      const { written } = await pollOnce(round, signal);
      onRound?.(written.length);
    },
  });
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

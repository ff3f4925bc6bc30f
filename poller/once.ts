import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import { ConfigError } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';
import { createLogger, type Logger } from '../shared/runtime/logger.ts';
import { openRecordingStore } from '../shared/store/open.ts';
import type { PollerConfig } from './config.ts';
import type { Alerts } from './grid/alerts.ts';
import { openAlerts } from './grid/open-alerts.ts';
import type { GridTaskOptions } from './grid/task.ts';
import { prepareRounds } from './grid/task.ts';
import { createPollerMetrics } from './metrics.ts';

const TRIES = 3;
const BETWEEN_TRIES_MS = 5_000;

/** What a test may put in the place of the real thing. */
export type OnceDependencies = Partial<Pick<GridTaskOptions, 'clock' | 'logger' | 'forecaster'>>;

/**
 * Fetches, writes the cache file and the history once, for a CronJob; resolves with the exit code: 0 done, 2 no provider
 * gave anything in three tries five seconds apart, 3 the database could not be opened or written.
 */
export async function pollOnceAndExit(config: PollerConfig, dependencies: OnceDependencies = {}): Promise<number> {
  const { clock = systemClock, logger = createLogger('poller', config.LOG_LEVEL) } = dependencies;
  await using stack = new AsyncDisposableStack();
  const opened = await openStore(config, clock, logger);
  // The cache file serves the scheduler even while the database is away.
  const store = opened
    ? stack.use(opened).history
    : { record: () => Promise.reject(new Error('the store is not open')) };
  const { forecaster } = dependencies;
  const metrics = createPollerMetrics();
  const { zones, round } = await prepareRounds({ config, store, metrics, clock, logger, forecaster, attempts: 1 });
  const alerts = stack.use(await openAlerts({ config, zones, clock, logger, metrics: metrics.grid, store: opened }));
  const code = await tryRounds(round, alerts, clock, logger);
  return opened === undefined && code === EXIT.ok ? EXIT.store : code;
}

async function tryRounds(
  round: Awaited<ReturnType<typeof prepareRounds>>['round'],
  alerts: Alerts | undefined,
  clock: Clock,
  logger: Logger,
): Promise<number> {
  const { signal } = new AbortController();
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const { readings, stored } = await round(signal);
    await alerts?.observe(readings, signal);
    if (!stored) return EXIT.store;
    if (readings.length > 0) return EXIT.ok;
    if (attempt < TRIES) await clock.sleep(BETWEEN_TRIES_MS);
  }
  logger.error({ tries: TRIES }, 'no grid provider gave anything');
  return EXIT.unavailable;
}

async function openStore(config: PollerConfig, clock: Clock, logger: Logger) {
  try {
    return await openRecordingStore(config, { clock, logger });
  } catch (err) {
    if (err instanceof ConfigError) throw err;
    logger.error({ err }, 'the store cannot be opened');
    return undefined;
  }
}

import { type Clock, systemClock } from '../shared/runtime/clock.ts';
import { ConfigError, logSettingWarnings, type SettingWarning } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';
import { createLogger, type Logger } from '../shared/runtime/logger.ts';
import { openRecordingStore } from '../shared/store/open.ts';
import type { PollerConfig } from './config.ts';
import type { Alerts } from './grid/alerts.ts';
import { openAlerts } from './grid/open-alerts.ts';
import type { PollCycle } from './grid/poll-cycle.ts';
import type { GridTaskOptions } from './grid/task.ts';
import { preparePollCycle } from './grid/task.ts';
import { createPollerMetrics } from './metrics.ts';

const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 5_000;

/** Dependencies that tests replace. */
export interface OnceDependencies extends Partial<Pick<GridTaskOptions, 'clock' | 'logger' | 'forecaster'>> {
  /** What is worth a warning about the settings. */
  readonly warnings?: readonly SettingWarning[];
}

/**
 * Fetches, writes the cache file and the history once, for a CronJob; resolves with the exit code: 0 done, 2 no provider
 * returned a value in three attempts five seconds apart, 3 the store could not be opened or written.
 */
export async function pollOnceAndExit(config: PollerConfig, dependencies: OnceDependencies = {}): Promise<number> {
  const { clock = systemClock, logger = createLogger('poller', config.LOG_LEVEL) } = dependencies;
  logSettingWarnings(logger, dependencies.warnings ?? []);
  await using stack = new AsyncDisposableStack();
  const opened = await openStore(config, clock, logger);
  // The cache file serves the scheduler even while the store is away.
  const store = opened
    ? stack.use(opened).history
    : { record: () => Promise.reject(new Error('the store is not open')) };
  const { forecaster } = dependencies;
  const metrics = createPollerMetrics();
  const { zones, pollCycle } = await preparePollCycle({
    config,
    store,
    metrics,
    clock,
    logger,
    forecaster,
    attempts: 1,
  });
  const alerts = stack.use(await openAlerts({ config, zones, clock, logger, metrics: metrics.grid, store: opened }));
  const code = await attemptCycles(pollCycle, alerts, clock, logger);
  return opened === undefined && code === EXIT.ok ? EXIT.store : code;
}

async function attemptCycles(
  pollCycle: PollCycle,
  alerts: Alerts | undefined,
  clock: Clock,
  logger: Logger,
): Promise<number> {
  const { signal } = new AbortController();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { samples, stored } = await pollCycle(signal);
    await alerts?.observe(samples, signal);
    if (!stored) return EXIT.store;
    if (samples.length > 0) return EXIT.ok;
    if (attempt < ATTEMPTS) await clock.sleep(BETWEEN_ATTEMPTS_MS);
  }
  logger.error(
    { code: 'NO_PROVIDER_RESPONDED', attempts: ATTEMPTS },
    'no grid provider returned a value; the warnings above have the reasons',
  );
  return EXIT.unavailable;
}

async function openStore(config: PollerConfig, clock: Clock, logger: Logger) {
  try {
    return await openRecordingStore(config, { clock, logger });
  } catch (err) {
    if (err instanceof ConfigError) throw err;
    logger.error(
      { code: 'STORE_UNAVAILABLE', err },
      'could not open the store; the cache file is still written: check TSDB_DSN or DATA_DIR',
    );
    return undefined;
  }
}

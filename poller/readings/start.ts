import { ConfigError } from '../../shared/runtime/config.ts';
import type { Readiness } from '../../shared/runtime/http-server.ts';
import { usesRedis } from '../../shared/runtime/redis-settings.ts';
import type { PollerConfig } from '../config.ts';
import { type ReadingsTaskOptions, startReadingsTask } from './task.ts';

/** What the readings task needs, and what is called when its state changes. */
export interface ReadingsOptions extends Omit<ReadingsTaskOptions, 'onState'> {
  readonly config: PollerConfig;
  /** Called with whether readings are being processed, at each change. */
  readonly onReadiness: (readiness: Readiness) => void;
}

/** Starts the readings task where POLLER_TASKS names it and Redis is configured; without Redis the API stores readings itself. */
export function startReadings(options: ReadingsOptions): AsyncDisposable | undefined {
  const { config, onReadiness, ...given } = options;
  if (!config.POLLER_TASKS.includes('readings')) return undefined;
  if (usesRedis(config)) {
    onReadiness({ ready: false, reason: 'the readings task has not reached Redis yet' });
    const onState: ReadingsTaskOptions['onState'] = (error) =>
      onReadiness(error === undefined ? { ready: true } : { ready: false, reason: error.message });
    return startReadingsTask({ ...given, config, onState });
  }
  checkReadings(config);
  return undefined;
}

/** Throws a ConfigError when the readings task is all that runs, and has nothing to read from. */
export function checkReadings(config: PollerConfig): void {
  const { POLLER_TASKS: tasks } = config;
  if (!tasks.includes('readings') || tasks.length > 1 || usesRedis(config)) return;
  throw new ConfigError('poller', ['POLLER_TASKS: "readings" alone needs REDIS_URL or REDIS_HOST']);
}

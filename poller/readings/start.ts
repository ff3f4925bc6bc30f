import { ConfigError } from '../../shared/runtime/config.ts';
import type { Readiness } from '../../shared/runtime/http-server.ts';
import { usesRedis } from '../../shared/runtime/redis-settings.ts';
import type { PollerConfig } from '../config.ts';
import { type ReadingsTaskOptions, startReadingsTask } from './task.ts';

/** The readings task with what the poller tells it. */
export interface ReadingsPartOptions extends Omit<ReadingsTaskOptions, 'onState'> {
  readonly config: PollerConfig;
  /** Told whether readings are being processed. */
  readonly onReadiness: (readiness: Readiness) => void;
}

/** Starts the readings task where it is asked for and Redis is configured; without Redis the API stores readings itself. */
export function startReadingsPart(options: ReadingsPartOptions): AsyncDisposable | undefined {
  const { config, onReadiness, ...given } = options;
  if (!config.POLLER_TASKS.includes('readings')) return undefined;
  if (usesRedis(config)) {
    onReadiness({ ready: false, reason: 'no reading has been asked for yet' });
    const onState: ReadingsTaskOptions['onState'] = (fault) =>
      onReadiness(fault === undefined ? { ready: true } : { ready: false, reason: fault.message });
    return startReadingsTask({ ...given, config, onState });
  }
  if (config.POLLER_TASKS.length > 1) return undefined;
  throw new ConfigError('poller', ['POLLER_TASKS: "readings" alone needs REDIS_URL or REDIS_HOST']);
}

import { HOUR_MS } from '../shared/grid/units.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Logger } from '../shared/runtime/logger.ts';
import { startLoop } from '../shared/runtime/loop.ts';
import type { RecordingStore } from '../shared/store/store.ts';
import type { PollerConfig } from './config.ts';

/** How often old history is removed and finished hours are compacted. */
const EVERY_MS = 10 * 60_000;

/** What the retention task needs. */
export interface RetentionOptions {
  readonly config: Pick<PollerConfig, 'RETENTION_DAYS'>;
  readonly store: Pick<RecordingStore, 'history' | 'meters' | 'decisions'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Compacts finished hours and removes history older than RETENTION_DAYS. */
export function startRetentionTask(options: RetentionOptions): AsyncDisposable {
  const { config, store, clock, logger } = options;
  return startLoop({
    name: 'retention',
    intervalMs: EVERY_MS,
    clock,
    logger,
    task: async () => {
      await store.history.compact(clock.now());
      const oldest = clock.now() - config.RETENTION_DAYS * 24 * HOUR_MS;
      const hours = await store.history.forgetBefore(oldest);
      const meterReadings = await store.meters.forgetReadingsBefore(oldest);
      const placements = await store.decisions.forgetDecisionsBefore(oldest);
      if (hours + meterReadings + placements > 0)
        logger.info({ hours, meterReadings, placements, days: config.RETENTION_DAYS }, 'old history removed');
    },
  });
}

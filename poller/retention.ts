import { HOUR_MS } from '../shared/grid/units.ts';
import type { MeterReadingsWriter } from '../shared/records/meter-readings.ts';
import type { DecisionRetention } from '../shared/records/placements.ts';
import type { PowerWriter } from '../shared/records/power.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Logger } from '../shared/runtime/logger.ts';
import { startLoop } from '../shared/runtime/loop.ts';
import type { PollerConfig } from './config.ts';

/** How often old history is removed and finished hours are compacted. */
const EVERY_MS = 10 * 60_000;

/** What the retention task needs. */
export interface RetentionOptions {
  readonly config: Pick<PollerConfig, 'RETENTION_DAYS'>;
  readonly store: PowerWriter;
  readonly readings: MeterReadingsWriter;
  readonly decisions: DecisionRetention;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Compacts finished hours and removes history older than RETENTION_DAYS. */
export function startRetentionTask(options: RetentionOptions): AsyncDisposable {
  const { config, store, readings, decisions, clock, logger } = options;
  return startLoop({
    name: 'retention',
    intervalMs: EVERY_MS,
    clock,
    logger,
    task: async () => {
      await store.compact(clock.now());
      const oldest = clock.now() - config.RETENTION_DAYS * 24 * HOUR_MS;
      const hours = await store.forgetBefore(oldest);
      const meterReadings = await readings.forgetReadingsBefore(oldest);
      const placements = await decisions.forgetDecisionsBefore(oldest);
      if (hours + meterReadings + placements > 0)
        logger.info({ hours, meterReadings, placements, days: config.RETENTION_DAYS }, 'old history removed');
    },
  });
}

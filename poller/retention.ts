import { HOUR_MS } from '../shared/grid/units.ts';
import { type Clock, settledUnlessAborted } from '../shared/runtime/clock.ts';
import type { Logger } from '../shared/runtime/logger.ts';
import { startLoop } from '../shared/runtime/loop.ts';
import type { RecordingStore } from '../shared/store/store.ts';
import type { PollerConfig } from './config.ts';
import { POLLER_ERRORS } from './errors.ts';

/** How often old history is removed and finished hours are compacted. */
const EVERY_MS = 10 * 60_000;
const MIB = 1_048_576;

/** What the retention task needs. */
export interface RetentionOptions {
  readonly config: Pick<PollerConfig, 'RETENTION_DAYS' | 'HISTORY_MAX_MB'>;
  readonly store: Pick<RecordingStore, 'history' | 'meters' | 'decisions'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with the number of hours that HISTORY_MAX_MB cost. */
  readonly onTrimmed?: (hours: number) => void;
}

/** Removes history older than RETENTION_DAYS or beyond HISTORY_MAX_MB, and compacts finished hours. */
export function startRetentionTask(options: RetentionOptions): AsyncDisposable {
  const { clock, logger } = options;
  return startLoop({
    name: 'retention',
    intervalMs: EVERY_MS,
    clock,
    logger,
    task: (signal) => retain(options, signal),
  });
}

async function retain(
  { config, store, clock, logger, onTrimmed }: RetentionOptions,
  signal: AbortSignal,
): Promise<void> {
  const days = config.RETENTION_DAYS;
  const oldest = clock.now() - days * 24 * HOUR_MS;
  // Removing comes first, since it makes room for the rest; a step that fails does not keep the others from theirs.
  const steps = await settled(
    [
      () => store.history.forgetBefore(oldest),
      () => store.meters.forgetReadingsBefore(oldest),
      () => store.decisions.forgetDecisionsBefore(oldest),
      async () => (config.HISTORY_MAX_MB && (await store.history.forgetBeyond?.(config.HISTORY_MAX_MB * MIB))) || 0,
      () => store.history.compact(clock.now()).then(() => 0),
    ],
    signal,
  );
  if (signal.aborted) return;
  const [hours, meterReadings, placements, trimmed] = steps.map(({ count }) => count) as [
    number,
    number,
    number,
    number,
  ];
  if (hours + meterReadings + placements > 0)
    logger.info({ hours, meterReadings, placements, days }, 'old history removed');
  if (trimmed > 0) {
    logger.warn({ code: 'HISTORY_TRIMMED', hours: trimmed }, POLLER_ERRORS.HISTORY_TRIMMED.message);
    onTrimmed?.(trimmed);
  }
  const failed = steps.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw failed.error;
}

/** Runs the steps one after the other. A stop waits for none of them: the store, which is closed then, ends the one under way. */
async function settled(
  steps: readonly (() => Promise<number>)[],
  signal: AbortSignal,
): Promise<{ count: number; error?: unknown }[]> {
  const results: { count: number; error?: unknown }[] = [];
  for (const step of steps) {
    const result = step().then(
      (count) => results.push({ count }),
      (error) => results.push({ count: 0, error }),
    );
    if (!(await settledUnlessAborted(signal, result))) break;
  }
  return results;
}

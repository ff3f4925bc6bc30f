import type { PollerConfig } from '../../../poller/config.ts';
import type { PollCycleResult } from '../../../poller/grid/poll-cycle.ts';
import { type GridTaskOptions, preparePollCycle } from '../../../poller/grid/task.ts';
import { createPollerMetrics, type PollerMetrics } from '../../../poller/metrics.ts';
import type { HourlyIntensity } from '../../../shared/grid/intensity.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { capturedLog } from '../../captured-log.ts';

/** The grid task with its insides in reach of a test: real providers over HTTP, the real cache file, rows kept in memory. */
export interface PollCycles {
  readonly log: ReturnType<typeof capturedLog>;
  readonly metrics: PollerMetrics;
  /** Every row that was recorded, in order. */
  readonly stored: HourlyIntensity[];
  poll(signal?: AbortSignal): Promise<PollCycleResult>;
  /** Lines of the metrics page that contain a text. */
  metric(text: string): Promise<string[]>;
}

/** Wires poll cycles for a configuration. */
export async function startPollCycles(
  config: PollerConfig,
  clock: Clock,
  more: Partial<Pick<GridTaskOptions, 'store' | 'forecaster' | 'attempts'>> = {},
): Promise<PollCycles> {
  const log = capturedLog();
  const metrics = createPollerMetrics();
  const stored: HourlyIntensity[] = [];
  const store = { record: async (rows: readonly HourlyIntensity[]) => void stored.push(...rows) };
  const { pollCycle } = await preparePollCycle({ config, store, metrics, clock, logger: log, ...more });
  return {
    log,
    metrics,
    stored,
    poll: (signal = new AbortController().signal) => pollCycle(signal),
    async metric(text) {
      return (await metrics.registry.metrics())
        .split('\n')
        .filter((line) => line.includes(text) && !line.startsWith('#'));
    },
  };
}

import { Registry } from 'prom-client';
import type { GridMetrics } from '../../../../poller/grid/grid-metrics.ts';
import { createGridMetrics } from '../../../../poller/grid/grid-metrics.ts';
import type { GridProvider } from '../../../../poller/grid/provider.ts';
import { capturedLog } from '../../../captured-log.ts';
import type { GridService } from '../../../doubles/grid-service.ts';
import type { FakeClock } from '../../../fake-clock.ts';
import { providerOf, SUBJECTS, type Subject } from './subjects.ts';

/** A provider against its double, with what it logged and counted. */
export interface StartedProvider<Double extends GridService> extends AsyncDisposable {
  readonly double: Double;
  readonly provider: GridProvider;
  readonly log: ReturnType<typeof capturedLog>;
  /** How often an issue of the data was counted. */
  issues(reason: string): Promise<number>;
}

/** Starts the double of a subject with some values, and the provider as the poller makes it. */
export async function startProvider<Double extends GridService = GridService>(
  title: string,
  clock: FakeClock,
  values: Record<string, number>,
  more: Record<string, string> = {},
): Promise<StartedProvider<Double>> {
  const subject = SUBJECTS.find((known) => known.title === title) as Subject;
  const double = (await subject.start(values)) as Double;
  double.now = () => clock.now();
  const registry = new Registry();
  const metrics: GridMetrics = createGridMetrics(registry);
  const log = capturedLog();
  return {
    double,
    provider: providerOf(subject, double.url, clock, more, metrics.client, log),
    log,
    async issues(reason) {
      const metric = await registry.getSingleMetric('carbon_poller_grid_data_issues_total')?.get();
      return metric?.values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
    },
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
}

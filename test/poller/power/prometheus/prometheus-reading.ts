import { Registry } from 'prom-client';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import type { MeasuredNodes } from '../../../../poller/power/calibration/measured-nodes.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { PrometheusSource } from '../../../../poller/power/prometheus/prometheus-source.ts';
import type { PowerSample } from '../../../../shared/records/power.ts';
import type { Clock } from '../../../../shared/runtime/clock.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { capturedLog } from '../../../captured-log.ts';

/** A source that keeps what it records, and hands it on to a store where there is one. */
export function source(
  url: string,
  clock: Clock,
  store?: { append: (tick: never) => Promise<void>; totals: () => Promise<{ lastMeasurement: number | undefined }> },
  env: Record<string, string> = {},
  measured?: MeasuredNodes,
) {
  const config = loadConfig('poller', pollerConfigSchema, { PROMETHEUS_URL: url, PROMETHEUS_BACKFILL: '1h', ...env });
  const log = capturedLog();
  const samples: PowerSample[] = [];
  const reading = new PrometheusSource({
    config,
    url,
    store: {
      async append(tick) {
        samples.push(...tick.samples);
        await store?.append(tick as never);
      },
    },
    lastMeasurement: async () => (await store?.totals())?.lastMeasurement,
    clock,
    measured,
    logger: log,
    metrics: createPowerMetrics(new Registry()),
  });
  return {
    samples,
    log,
    readNew: () => reading.readNew(new AbortController().signal),
    [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose](),
  };
}

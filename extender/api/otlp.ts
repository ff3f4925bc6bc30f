import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import packageJson from '../../package.json' with { type: 'json' };
import type { ActivitySource } from '../../shared/emissions/activity.ts';
import { RunningTotals, type WorkloadTotal } from '../../shared/emissions/running-totals.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { EXTENDER_ERRORS } from '../errors.ts';
import type { OtlpConfig } from './otlp-settings.ts';

/** What the export of metrics needs. */
export interface OtlpOptions {
  readonly config: OtlpConfig & { readonly CLUSTER_NAME: string };
  readonly source: ActivitySource;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Sends energy and emissions by namespace and workload to an OTLP endpoint, in OpenTelemetry's semantic conventions where they
 * have a name: `hw.host.energy`, `k8s.namespace.name`, `k8s.cluster.name`, `k8s.node.name`. Cumulative since the start.
 */
export function startOtlp(options: OtlpOptions, endpoint: string): AsyncDisposable & { flush(): Promise<void> } {
  const { config, source, clock, logger } = options;
  const totals = new RunningTotals(source);
  const warn = (err: unknown) =>
    logger.warn({ code: 'OTLP_NOT_EXPORTED', err }, EXTENDER_ERRORS.OTLP_NOT_EXPORTED.message);
  const exporter = new OTLPMetricExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/metrics`,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: reporting(exporter, warn),
    exportIntervalMillis: config.OTEL_METRIC_EXPORT_INTERVAL,
    exportTimeoutMillis: Math.min(config.OTEL_METRIC_EXPORT_INTERVAL, 30_000),
  });
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({
      'service.name': 'carbon-extender',
      'service.version': packageJson.version,
      'k8s.cluster.name': config.CLUSTER_NAME,
    }),
  });
  // What is there at the start is not part of the counters.
  const started = totals.observe(clock.now()).catch(warn);
  instruments(provider, totals, async () => {
    await started;
    await totals.observe(clock.now()).catch(warn);
  });
  return {
    flush: () => reader.forceFlush(),
    async [Symbol.asyncDispose]() {
      await provider.shutdown().catch(warn);
    },
  };
}

/** An exporter that reports failures, which the SDK would only give to its own diagnostics. */
function reporting(exporter: OTLPMetricExporter, warn: (error: unknown) => void): PushMetricExporter {
  return {
    export: (metrics, done) =>
      exporter.export(metrics, (result) => {
        if (result.error !== undefined) warn(result.error);
        done(result);
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

function instruments(provider: MeterProvider, totals: RunningTotals, observe: () => Promise<void>): void {
  const meter = provider.getMeter('carbon-extender', packageJson.version);
  const energy = meter.createObservableCounter('carbon_extender.workload.energy', {
    unit: 'J',
    description: 'Energy that the containers of a workload used',
  });
  const emitted = meter.createObservableCounter('carbon_extender.workload.emissions', {
    unit: 'g',
    description: 'Emissions in grams of CO2 equivalent, location-based: energy × intensity of its hour and zone',
  });
  const host = meter.createObservableCounter('hw.host.energy', {
    unit: 'J',
    description: 'Energy of a node as far as it is recorded, idle and other processes included',
  });
  meter.addBatchObservableCallback(
    async (result) => {
      await observe();
      for (const total of totals.workloads()) {
        result.observe(energy, total.joules, attributesOf(total));
        result.observe(emitted, total.grams, attributesOf(total));
      }
      for (const [node, joules] of totals.nodes())
        result.observe(host, joules, { 'hw.id': node, 'k8s.node.name': node });
    },
    [energy, emitted, host],
  );
}

function attributesOf({ namespace, workload, device, zone }: WorkloadTotal): Record<string, string> {
  return {
    'k8s.namespace.name': namespace,
    'carbon_extender.workload.name': workload,
    ...(zone !== null && { 'carbon_extender.grid.zone': zone }),
    ...(device !== undefined && { 'hw.type': device }),
  };
}

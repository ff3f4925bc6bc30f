import { CalibrationRecord } from '../../shared/power-model/calibration.ts';
import type { MeterReadingsReader } from '../../shared/records/meter-readings.ts';
import type { NodeMachineStore } from '../../shared/records/node-machines.ts';
import type { PowerReader, PowerTick, PowerWriter } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import type { PollerConfig } from '../config.ts';
import { MeasuredNodes } from './calibration/measured-nodes.ts';
import { NodeMeters } from './calibration/node-meters.ts';
import { DcgmSource } from './dcgm/dcgm-source.ts';
import { clusterClient, configuredTargets, usesUsage } from './exporter-access.ts';
import { KeplerSource } from './kepler/kepler-source.ts';
import { startPodLabelsTask } from './pod-labels.ts';
import type { PowerMetrics } from './power-metrics.ts';
import { CadvisorSource } from './prometheus/cadvisor-source.ts';
import { PrometheusSource, type PrometheusSourceOptions } from './prometheus/prometheus-source.ts';
import type { TargetSource } from './targets.ts';
import { clusterNodes, configuredNodes, type NodeSource } from './usage/nodes.ts';
import { recordingMachines } from './usage/record-machines.ts';
import { UsageSource } from './usage/usage-source.ts';

/** What the power task needs. `targets` replaces the addresses of EXPORTER_URL. */
export interface PowerTaskOptions {
  readonly config: PollerConfig;
  /** With `totals`, a Prometheus is read on from the newest sample. */
  readonly store: PowerWriter & Partial<Pick<PowerReader, 'totals' | 'samples'>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  readonly targets?: TargetSource;
  /** Where the machines of nodes are kept; absent: nowhere. */
  readonly machines?: Pick<NodeMachineStore, 'recordNodeMachines'>;
  /** Readings of the meters of METER_NODES; absent: nodes are not compared with meters. */
  readonly meters?: Pick<MeterReadingsReader, 'readings'>;
}

/** Scrapes that may be missed before counting starts again. */
const MAX_MISSED_SCRAPES = 5;
const NO_NODES: ReadonlySet<string> = new Set();

/** Reads the sources of power once per interval and writes the energy between two readings to the store. */
export function startPowerTask(options: PowerTaskOptions): AsyncDisposable {
  const { config, clock, logger } = options;
  const client = clusterClient(config);
  const targets = options.targets ?? configuredTargets(config.EXPORTER_URL, config, client, logger);
  const found = nodeSource(options, client);
  const nodes = found && options.machines ? recordingMachines(found, options.machines, options) : found;
  const maxGapMs = config.SCRAPE_INTERVAL_SECONDS * 1000 * (MAX_MISSED_SCRAPES + 0.5);
  const optional = config.POWER_SOURCE === 'auto' && nodes !== undefined;
  const gpuTargets = configuredTargets(config.DCGM_URLS, config, client, logger);
  const dcgm = config.DCGM_URLS.length > 0 ? new DcgmSource({ ...options, maxGapMs }) : undefined;
  const gpusOf = dcgm && (() => dcgm.nodes());
  const measured = new MeasuredNodes();
  const calibration = new CalibrationRecord();
  const meters = nodeMeters(options, calibration);
  const prometheus = prometheusSource(options, { gpusOf, measured });
  // Where kubelets cannot be read, the same counters are in the Prometheus that scrapes them.
  const cadvisor = prometheus && nodes === undefined ? cadvisorSource(options) : undefined;
  const scrapes = config.POWER_SOURCE !== 'usage' && prometheus === undefined;
  const kepler = scrapes ? new KeplerSource({ ...options, maxGapMs, optional, gpusOf, measured }) : undefined;
  const usage =
    nodes === undefined ? undefined : new UsageSource({ ...options, nodes, maxGapMs, measured, calibration });
  const loop = startLoop({
    name: 'power',
    intervalMs: config.SCRAPE_INTERVAL_SECONDS * 1000,
    clock,
    logger,
    task: async (signal) => {
      await dcgm?.scrapeAll(await gpuTargets(), signal);
      await kepler?.scrapeAll(await targets(), signal);
      await prometheus?.readNew(signal);
      await cadvisor?.readNew(prometheus?.nodes() ?? NO_NODES, signal);
      // What Kepler measures is not modelled as well.
      await usage?.scrapeAll((kepler ?? prometheus)?.nodes() ?? NO_NODES, signal);
      await meters?.compare(signal);
    },
  });
  const labels =
    client && config.POD_LABELS ? startPodLabelsTask({ client, store: options.store, clock, logger }) : undefined;
  return {
    async [Symbol.asyncDispose]() {
      for (const part of [labels, loop, dcgm, kepler, prometheus, cadvisor, usage, client])
        await part?.[Symbol.asyncDispose]();
    },
  };
}

/** The meters of METER_NODES, where their readings and the recorded energy can be read. */
function nodeMeters(options: PowerTaskOptions, calibration: CalibrationRecord): NodeMeters | undefined {
  const { config, meters, store } = options;
  const { samples } = store;
  if (config.METER_NODES.size === 0 || meters === undefined || samples === undefined) return undefined;
  const readable = { append: (tick: PowerTick) => store.append(tick), samples: samples.bind(store) };
  return new NodeMeters({ ...options, meterOf: config.METER_NODES, meters, store: readable, calibration });
}

/** Kepler's counters from a Prometheus, where one is configured and the source allows it. */
function prometheusSource(
  options: PowerTaskOptions,
  more: Pick<PrometheusSourceOptions, 'gpusOf' | 'measured'>,
): PrometheusSource | undefined {
  const { PROMETHEUS_URL: url, POWER_SOURCE: source } = options.config;
  if (url === undefined || (source !== 'auto' && source !== 'prometheus')) return undefined;
  const { store } = options;
  const lastMeasurement = async () => (await store.totals?.())?.lastMeasurement;
  return new PrometheusSource({ ...options, ...more, url, lastMeasurement });
}

/** cAdvisor's counters from the same Prometheus. */
function cadvisorSource(options: PowerTaskOptions): CadvisorSource | undefined {
  const { PROMETHEUS_URL: url } = options.config;
  const lastMeasurement = async () => (await options.store.totals?.())?.lastMeasurement;
  return url === undefined ? undefined : new CadvisorSource({ ...options, url, lastMeasurement });
}

/** The nodes to model: those of KUBELET_URLS, else those of the cluster that the poller runs in; undefined where neither is. */
function nodeSource(options: PowerTaskOptions, client: KubernetesClient | undefined): NodeSource | undefined {
  const { KUBELET_URLS: urls, NODE_TYPES: types, KUBERNETES_SERVICE_HOST: host } = options.config;
  if (!usesUsage(options.config)) return undefined;
  const configured = configuredNodes(urls, types);
  if (configured.length > 0) return async () => configured;
  return client === undefined || host === undefined ? undefined : clusterNodes(client, types, options);
}

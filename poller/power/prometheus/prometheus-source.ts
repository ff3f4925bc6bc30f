import type { EpochMs } from '../../../shared/grid/units.ts';
import type { PowerWriter } from '../../../shared/records/power.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { PollerConfig } from '../../config.ts';
import type { MeasuredNodes } from '../calibration/measured-nodes.ts';
import { ExporterMemory } from '../exporter-memory.ts';
import { onNode } from '../observation.ts';
import type { PowerMetrics } from '../power-metrics.ts';
import { RecentNodes } from '../recent-nodes.ts';
import { PowerRecorder, type RecorderOptions } from '../recorder.ts';
import { ScrapeError } from '../scrape-error.ts';
import { TargetHealth } from '../target-health.ts';
import { type PrometheusAccess, PrometheusClient } from './prometheus-client.ts';
import { keplerSelector, recordedScrapes } from './recorded-bodies.ts';
import { MAX_GAP_MS, RecordedWindows } from './recorded-windows.ts';

/** What the source needs. */
export interface PrometheusSourceOptions {
  readonly config: PollerConfig;
  readonly url: string;
  readonly store: Pick<PowerWriter, 'append'>;
  /** End of the newest sample that the store has; undefined when it has none. */
  readonly lastMeasurement: () => Promise<EpochMs | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  /** Nodes whose GPUs another source records. */
  readonly gpusOf?: (() => ReadonlySet<string>) | undefined;
  /** Takes in what nodes draw, for the models of their types. */
  readonly measured?: Pick<MeasuredNodes, 'recorded' | 'platform'> | undefined;
}

/** An exporter that Prometheus scrapes, and how far its record has been read. */
interface Exporter {
  readonly labels: Readonly<Record<string, string>>;
  readonly memory: ExporterMemory;
  /** Time of the last scrape that was recorded. */
  readAt: number;
}

const TARGET = 'prometheus';

/** Records energy from the samples of Kepler that a Prometheus keeps, in place of a second scrape. */
export class PrometheusSource implements AsyncDisposable {
  readonly #options: PrometheusSourceOptions;
  readonly #client: PrometheusClient;
  readonly #health: TargetHealth;
  readonly #recorder: PowerRecorder;
  readonly #exporters = new Map<string, Exporter>();
  readonly #recent: RecentNodes;
  readonly #windows: RecordedWindows;

  constructor(options: PrometheusSourceOptions) {
    const { clock, config, lastMeasurement } = options;
    this.#options = options;
    this.#recent = new RecentNodes(MAX_GAP_MS, () => clock.now());
    this.#client = new PrometheusClient(accessOf(options));
    this.#health = new TargetHealth('prometheus', options);
    const limits = {
      maxGapMs: MAX_GAP_MS,
      maxContainerRate: config.MAX_CONTAINER_WATTS,
      maxNodeRate: config.MAX_NODE_WATTS,
    };
    const measured: RecorderOptions['measured'] = {
      recorded: (node, samples, at) => options.measured?.recorded(node, samples, this.#monotonic(at)),
    };
    this.#recorder = new PowerRecorder({ ...options, limits, measured });
    this.#windows = new RecordedWindows({
      clock,
      lastMeasurement,
      backfillMs: config.PROMETHEUS_BACKFILL,
      read: (from, until, signal) => this.#readWindow(from, until, signal),
    });
  }

  /** Reads what was recorded since the last time; after an outage, and at the first start, piece by piece until now. */
  async readNew(signal: AbortSignal): Promise<void> {
    const { metrics } = this.#options;
    try {
      const end = await this.#windows.readNew(signal);
      this.#refuseOld(end);
      this.#health.succeeded(TARGET, { exporters: this.#exporters.size });
      metrics.lastScrape.set(end / 1000);
    } catch (error) {
      if (!signal.aborted) this.#health.failed(TARGET, error);
    }
    metrics.nodes.set({ source: 'prometheus' }, this.nodes().size);
    this.#health.report();
  }

  /** Nodes whose energy was recorded lately: no other source may count them, too. */
  nodes(): ReadonlySet<string> {
    return this.#recent.names();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }

  /** When a time of Prometheus was by the clock that never goes back, by which others ask how old a measurement is. */
  #monotonic(at: EpochMs): number {
    const { clock } = this.#options;
    return clock.monotonic() - (clock.now() - at);
  }

  /** A Prometheus that no longer gets samples of exporters that it had has not stopped because nodes rest. */
  #refuseOld(now: EpochMs): void {
    const newest = Math.max(...[...this.#exporters.values()].map(({ readAt }) => readAt));
    if (!Number.isFinite(newest) || now - newest <= MAX_GAP_MS) return;
    const detail = `its newest samples of Kepler are ${Math.round((now - newest) / 1000)} s old; check that it scrapes Kepler, and its clock`;
    throw new ScrapeError(TARGET, 'stale', detail);
  }

  async #readWindow(from: number, until: number, signal: AbortSignal): Promise<void> {
    for (const exporter of await this.#exportersOf(from, until, signal))
      await this.#readExporter(exporter, from, until, signal);
  }

  async #exportersOf(from: number, until: number, signal: AbortSignal): Promise<Exporter[]> {
    // A store that is written to remotely has no sample of the last seconds: its exporters are found by older ones.
    const range = `[${Math.ceil((until - from + MAX_GAP_MS) / 1000)}s]`;
    const names = '{__name__=~"kepler_container_cpu_joules_total|kepler_container_joules_total"}';
    const found = await this.#client.query(
      `group by (job, instance) (last_over_time(${names}${range}))`,
      until,
      signal,
    );
    return found.map(({ labels: { job = '', instance = '' } }) => {
      const key = `${job}\0${instance}`;
      const known = this.#exporters.get(key) ?? {
        labels: { job, instance },
        memory: new ExporterMemory(),
        readAt: -Infinity,
      };
      this.#exporters.set(key, known);
      return known;
    });
  }

  async #readExporter(exporter: Exporter, from: number, until: number, signal: AbortSignal): Promise<void> {
    const { config, logger } = this.#options;
    const { job = '', instance = '' } = exporter.labels;
    // Samples that became visible late are taken, too, as long as the exporter's record has not gone past them.
    const since = Math.max(from - MAX_GAP_MS, exporter.readAt);
    const range = Math.ceil((until - Math.min(from, since)) / 1000) + 1;
    const selector = keplerSelector(exporter.labels, config.KEPLER_ZONE);
    const series = await this.#client.query(`${selector}[${range}s]`, until, signal);
    const { scrapes, error } = recordedScrapes(series, since, { zone: config.KEPLER_ZONE });
    for (const { at, scrape: body } of scrapes) {
      const scrape = onNode(body, instance.replace(/:\d+$/, ''));
      // Times are those of Prometheus' scrapes: both clocks are its own.
      await this.#recorder.record(`prometheus ${job}/${instance}`, scrape, { at, monotonic: at }, exporter.memory);
      exporter.readAt = at;
      for (const { node } of scrape.counters) this.#recent.saw(node, at);
      for (const [node, watts] of scrape.platform) this.#options.measured?.platform(node, watts, this.#monotonic(at));
    }
    if (error !== undefined && scrapes.length === 0) {
      logger.debug({ job, instance, reason: error.reason }, 'recorded bodies without usable counters');
      throw new ScrapeError(`${job}/${instance}`, error.reason, error.message, { cause: error });
    }
  }
}

/** How the API is reached. */
export function accessOf({ config, url }: Pick<PrometheusSourceOptions, 'config' | 'url'>): PrometheusAccess {
  return {
    url,
    bearerFile: config.PROMETHEUS_BEARER_FILE,
    caFile: config.PROMETHEUS_CA_FILE,
    tenant: config.PROMETHEUS_TENANT,
    outbound: config,
    timeoutMs: config.SCRAPE_TIMEOUT_SECONDS * 1000,
    maxBytes: config.SCRAPE_MAX_BODY_MB * 1_048_576,
  };
}

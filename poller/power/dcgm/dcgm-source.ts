import type { PowerWriter } from '../../../shared/records/power.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { PollerConfig } from '../../config.ts';
import type { CounterLimits } from '../counter-increase.ts';
import { ExporterAccess } from '../exporter-access.ts';
import { fetchMetrics } from '../fetch-metrics.ts';
import { MalformedLines } from '../malformed-lines.ts';
import type { PowerMetrics } from '../power-metrics.ts';
import { RecentNodes } from '../recent-nodes.ts';
import { someAtATime } from '../some-at-a-time.ts';
import { TargetHealth } from '../target-health.ts';
import type { Target } from '../targets.ts';
import { readDcgm } from './dcgm-body.ts';
import { type GpuMemory, gpuStep } from './gpu-energy.ts';

/** What the source needs. */
export interface DcgmSourceOptions {
  readonly config: PollerConfig;
  readonly store: Pick<PowerWriter, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  /** Longest time between two scrapes that still gives samples. */
  readonly maxGapMs: number;
}

/** Records the energy of GPUs from NVIDIA's DCGM exporters, by container where they name it. */
export class DcgmSource implements AsyncDisposable {
  readonly #options: DcgmSourceOptions;
  readonly #limits: CounterLimits;
  readonly #access: ExporterAccess;
  readonly #health: TargetHealth;
  readonly #malformed: MalformedLines;
  readonly #memories = new Map<string, GpuMemory>();
  readonly #recent: RecentNodes;
  /** Cards without an energy counter, so that each is logged once. */
  readonly #integrated = new Set<string>();

  constructor(options: DcgmSourceOptions) {
    const { config, maxGapMs } = options;
    this.#options = options;
    this.#recent = new RecentNodes(maxGapMs, () => options.clock.monotonic());
    this.#limits = { maxGapMs, maxContainerRate: config.MAX_NODE_WATTS, maxNodeRate: config.MAX_NODE_WATTS };
    // The token and the certificate are for Kepler.
    this.#access = new ExporterAccess({
      ...config,
      EXPORTER_BEARER_FILE: undefined,
      EXPORTER_CERT_FILE: undefined,
      EXPORTER_KEY_FILE: undefined,
    });
    this.#health = new TargetHealth('dcgm', options);
    this.#malformed = new MalformedLines(options);
  }

  /** Scrapes all targets, a few at a time; one that fails costs only itself. */
  async scrapeAll(targets: readonly Target[], signal: AbortSignal): Promise<void> {
    this.#retain(new Set(targets.map(({ name }) => name)));
    await someAtATime(targets, this.#options.config.SCRAPE_CONCURRENCY, signal, async (target) => {
      try {
        await this.#record(target, signal);
      } catch (error) {
        if (!signal.aborted) this.#health.failed(target.name, error);
      }
    });
    this.#health.report();
    this.#options.metrics.nodes.set({ source: 'dcgm' }, this.nodes().size);
  }

  /** Nodes whose GPUs were read lately: no other source may count them, too. */
  nodes(): ReadonlySet<string> {
    return this.#recent.names();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#access[Symbol.asyncDispose]();
  }

  async #record(target: Target, signal: AbortSignal): Promise<void> {
    const { clock, config, metrics, store } = this.#options;
    const options = {
      timeoutMs: config.SCRAPE_TIMEOUT_SECONDS * 1000,
      maxBytes: config.SCRAPE_MAX_BODY_MB * 1_048_576,
      dispatcher: await this.#access.dispatcherFor(target),
      headers: await this.#access.headersFor(target),
      signal,
    };
    const body = await fetchMetrics(target.name, target.url, options, (bytes) => readDcgm(target.name, bytes));
    const moment = { at: clock.now(), monotonic: clock.monotonic() };
    const gpus = body.gpus.map((gpu) => ({ ...gpu, node: target.node ?? (gpu.node || new URL(target.url).hostname) }));
    const step = gpuStep(this.#memories.get(target.name), gpus, moment, this.#limits);
    await store.append({ target: `dcgm ${target.name}`, samples: step.samples, scrapedAt: Math.round(moment.at) });
    // Only now: were the write to fail, the next body would give the energy of both intervals.
    this.#memories.set(target.name, step.memory);
    for (const { node } of gpus) this.#recent.saw(node, moment.monotonic);
    this.#reportIntegrated(target.name, step.memory);
    this.#malformed.take(target.name, body.malformed);
    metrics.samples.inc(step.samples.length);
    for (const { joules } of step.samples) metrics.energy.inc(joules);
    for (const [reason, times] of step.events) metrics.counterEvents.inc({ reason }, times);
    this.#health.succeeded(target.name, { gpus: gpus.length });
  }

  #reportIntegrated(target: string, { drawn }: GpuMemory): void {
    const unknown = [...drawn.keys()].filter((id) => !this.#integrated.has(id));
    if (unknown.length === 0) return;
    for (const id of unknown) this.#integrated.add(id);
    this.#options.logger.info(
      { target, gpus: unknown },
      'GPUs have no energy counter; their energy is the mean power of two scrapes times the time between',
    );
  }

  #retain(names: ReadonlySet<string>): void {
    for (const name of this.#memories.keys()) if (!names.has(name)) this.#memories.delete(name);
    this.#health.retain(names);
  }
}

import type { PowerWriter } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { nodePowerFile } from '../../shared/runtime/node-power-setting.ts';
import type { PollerConfig } from '../config.ts';
import { type IncreaseStep, increaseSince, type PowerLimits } from './energy-increase.ts';
import { clusterAccess, configuredTargets, ExporterAccess } from './exporter-access.ts';
import { ExporterMemory } from './exporter-memory.ts';
import { ScrapeError, scrape } from './kepler/scrape.ts';
import { nodePowerWriter } from './node-power-file.ts';
import { NodePowerMeter } from './node-power-meter.ts';
import type { KeplerScrape } from './observation.ts';
import { startPodLabelsTask } from './pod-labels.ts';
import type { PowerMetrics } from './power-metrics.ts';
import type { Target, TargetSource } from './targets.ts';

/** What the power task needs. `targets` replaces the addresses of EXPORTER_URL. */
export interface PowerTaskOptions {
  readonly config: PollerConfig;
  readonly store: PowerWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  readonly targets?: TargetSource;
}

/** Scrapes that may be missed before counting starts afresh. */
const MAX_MISSED_SCRAPES = 5;

/** Scrapes every exporter once per interval and writes the energy between two scrapes to the store. */
export function startPowerTask(options: PowerTaskOptions): AsyncDisposable {
  const { config, clock, logger } = options;
  const recorder = new Recorder(options);
  const targets = options.targets ?? configuredTargets(config, logger);
  const loop = startLoop({
    name: 'power',
    intervalMs: config.SCRAPE_INTERVAL_SECONDS * 1000,
    clock,
    logger,
    task: async (signal) => recorder.round(await targets(), signal),
  });
  const labels = config.POD_LABELS
    ? startPodLabelsTask({ access: clusterAccess(config), store: options.store, clock, logger })
    : undefined;
  return {
    async [Symbol.asyncDispose]() {
      await labels?.[Symbol.asyncDispose]();
      await loop[Symbol.asyncDispose]();
      await recorder.close();
    },
  };
}

/** Remembers each target's counters and health from round to round. */
class Recorder {
  readonly #options: PowerTaskOptions;
  readonly #rules: PowerLimits;
  readonly #access: ExporterAccess;
  readonly #nodePower: NodePowerMeter;
  readonly #writeNodePower: ReturnType<typeof nodePowerWriter>;
  readonly #memories = new Map<string, ExporterMemory>();
  /** Last outcome by target, so that a change is logged once. */
  readonly #outcomes = new Map<string, string>();

  constructor(options: PowerTaskOptions) {
    const { config } = options;
    this.#options = options;
    this.#access = new ExporterAccess(config);
    this.#rules = {
      maxGapMs: config.SCRAPE_INTERVAL_SECONDS * 1000 * (MAX_MISSED_SCRAPES + 0.5),
      maxContainerWatts: config.MAX_CONTAINER_WATTS,
      maxNodeWatts: config.MAX_NODE_WATTS,
    };
    this.#nodePower = new NodePowerMeter(this.#rules);
    this.#writeNodePower = nodePowerWriter(nodePowerFile(config), options);
  }

  /** Scrapes all targets, a few at a time; one that fails costs only itself. */
  async round(targets: readonly Target[], signal: AbortSignal): Promise<void> {
    this.#forgetOthers(targets);
    const waiting = [...targets];
    const worker = async () => {
      for (let target = waiting.shift(); target !== undefined && !signal.aborted; target = waiting.shift())
        await this.#one(target, signal);
    };
    await Promise.all(Array.from({ length: this.#options.config.SCRAPE_CONCURRENCY }, worker));
    await this.#writeNodePower(this.#nodePower.wattsPerCore(this.#options.clock.monotonic()));
    const failing = [...this.#outcomes.values()].filter((outcome) => outcome !== 'ok').length;
    this.#options.metrics.targets.set({ state: 'ok' }, this.#outcomes.size - failing);
    this.#options.metrics.targets.set({ state: 'failing' }, failing);
  }

  close(): Promise<void> {
    return this.#access[Symbol.asyncDispose]();
  }

  async #one(target: Target, signal: AbortSignal): Promise<void> {
    try {
      await this.#record(target, signal);
    } catch (error) {
      if (signal.aborted) return;
      const outcome = error instanceof ScrapeError ? error.kind : 'store';
      // What is known of the body's version may be what was wrong: the next one is read whole.
      if (outcome !== 'store') this.#memoryOf(target).totalIsSound = false;
      this.#options.metrics.scrapes.inc({ outcome });
      if (this.#outcomes.get(target.name) === outcome) return;
      this.#outcomes.set(target.name, outcome);
      const message = outcome === 'store' ? 'power samples cannot be stored' : 'exporter gives no samples';
      // An exporter that is away is no fault of ours: its stack would only hide what it says.
      const cause = error instanceof ScrapeError ? { detail: error.message } : { err: error };
      this.#options.logger.error({ target: target.name, reason: outcome, ...cause }, message);
    }
  }

  async #record(target: Target, signal: AbortSignal): Promise<void> {
    const { clock, config, metrics, store } = this.#options;
    const started = clock.monotonic();
    const memory = this.#memoryOf(target);
    const answered = await scrape(target.name, target.url, {
      timeoutMs: config.SCRAPE_TIMEOUT_SECONDS * 1000,
      maxBytes: config.SCRAPE_MAX_BODY_MB * 1_048_576,
      zone: config.KEPLER_ZONE,
      totalIsSound: memory.totalIsSound,
      dispatcher: await this.#access.dispatcherFor(target),
      headers: await this.#access.headersFor(target),
      signal,
    });
    const body = onNode(answered, target.node);
    const timed = { ...body, at: clock.now(), monotonic: clock.monotonic() };
    const identity = body.node || body.counters[0]?.node || '';
    const step = increaseSince(memory.stateOf(identity), timed, this.#rules);
    const seen = memory.look(identity, step.still);
    this.#warn(target, identity, seen);
    this.#nodePower.take({ ...timed, node: identity });
    const samples = seen.frozen ? [] : step.samples;
    await store.append({ target: target.name, samples, scrapedAt: Math.round(timed.at) });
    // Only now: were the write to fail, the next scrape would give the energy of both intervals.
    memory.remember(identity, step.state, timed.monotonic, this.#rules.maxGapMs);
    memory.totalIsSound = body.totalIsSound;
    metrics.scrapeSeconds.observe((timed.monotonic - started) / 1000);
    metrics.lastScrape.set(timed.at / 1000);
    metrics.malformed.inc(body.malformed);
    this.#count({ ...step, samples });
    this.#succeeded(target, body);
  }

  #memoryOf(target: Target): ExporterMemory {
    const memory = this.#memories.get(target.name) ?? new ExporterMemory();
    this.#memories.set(target.name, memory);
    return memory;
  }

  #warn(target: Target, node: string, { returned, frozen }: ReturnType<ExporterMemory['look']>): void {
    const { logger, metrics } = this.#options;
    if (returned) metrics.counterEvents.inc({ reason: 'nodeChanged' });
    if (returned === 'first')
      logger.warn({ target: target.name, node }, 'one address answers for several nodes: use a headless service');
    if (frozen) metrics.counterEvents.inc({ reason: 'frozen' });
    if (frozen === 'first')
      logger.warn({ target: target.name, node }, 'no counter moves any more: the exporter seems to be frozen');
  }

  #count({ samples, events }: IncreaseStep): void {
    const { metrics } = this.#options;
    metrics.scrapes.inc({ outcome: 'ok' });
    metrics.samples.inc(samples.length);
    for (const sample of samples) metrics.energy.inc(sample.joules);
    for (const [reason, count] of Object.entries(events)) metrics.counterEvents.inc({ reason }, Number(count));
  }

  #succeeded(target: Target, body: { generation: string; version: string | undefined; basis: string; node: string }) {
    if (this.#outcomes.get(target.name) === 'ok') return;
    this.#outcomes.set(target.name, 'ok');
    const { generation, version, basis, node } = body;
    this.#options.logger.info({ target: target.name, generation, version, basis, node }, 'exporter gives counters');
  }

  #forgetOthers(targets: readonly Target[]): void {
    const names = new Set(targets.map((target) => target.name));
    for (const name of this.#memories.keys()) if (!names.has(name)) this.#memories.delete(name);
    for (const name of this.#outcomes.keys()) if (!names.has(name)) this.#outcomes.delete(name);
  }
}

/** Names the node of counters whose exporter does not, where the cluster told it. */
function onNode(body: KeplerScrape, node: string | undefined): KeplerScrape {
  if (node === undefined || body.node !== '') return body;
  return { ...body, node, counters: body.counters.map((counter) => ({ ...counter, node: counter.node || node })) };
}

import { type CalibrationRecord, calibrated } from '../../../shared/power-model/calibration.ts';
import type { NodePowerModel } from '../../../shared/power-model/node-model.ts';
import { nodePowerModels } from '../../../shared/power-model/node-model.ts';
import { IDLE, type PowerWriter } from '../../../shared/records/power.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/runtime/logger.ts';
import type { PollerConfig } from '../../config.ts';
import type { MeasuredNodes } from '../calibration/measured-nodes.ts';
import { MalformedLines } from '../malformed-lines.ts';
import type { PowerMetrics } from '../power-metrics.ts';
import { ScrapeError } from '../scrape-error.ts';
import { someAtATime } from '../some-at-a-time.ts';
import { TargetHealth } from '../target-health.ts';
import { KubeletAccess } from './kubelet-access.ts';
import { type UsageMemory, type UsageStep, usageStep } from './node-usage.ts';
import type { NodeSource, UsageNode } from './nodes.ts';

/** What the usage source needs. */
export interface UsageOptions {
  readonly config: PollerConfig;
  readonly store: Pick<PowerWriter, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  readonly nodes: NodeSource;
  readonly maxGapMs: number;
  /** What measured nodes drew, and the record of what that says about the models; absent: models stay as they are. */
  readonly measured?: MeasuredNodes;
  readonly calibration?: CalibrationRecord;
}

/** The kubelet's clock may be ahead of ours by this much. */
const CLOCK_SKEW_MS = 60_000;

/** Records the modelled energy of nodes from what their kubelets count: CPU seconds and memory of each container. */
export class UsageSource implements AsyncDisposable {
  readonly #options: UsageOptions;
  readonly #access: KubeletAccess;
  readonly #health: TargetHealth;
  readonly #malformed: MalformedLines;
  readonly #modelOf = nodePowerModels();
  readonly #memories = new Map<string, UsageMemory>();
  /** The same of measured nodes, whose energy is only compared. */
  readonly #compared = new Map<string, UsageMemory>();
  /** Nodes without a model, so that each is logged once. */
  readonly #unmodelled = new Set<string>();

  constructor(options: UsageOptions) {
    this.#options = options;
    this.#access = new KubeletAccess(options.config, options.logger);
    this.#health = new TargetHealth('usage', options);
    this.#malformed = new MalformedLines(options);
  }

  /** Reads the kubelets of all nodes that have no better source, a few at a time; one that fails costs only itself. */
  async scrapeAll(covered: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const all = await this.#options.nodes();
    const nodes = all.filter(({ name }) => !covered.has(name));
    this.#retain(new Set(nodes.map(({ name }) => name)));
    await someAtATime(nodes, this.#options.config.SCRAPE_CONCURRENCY, signal, (node) => this.#scrapeOne(node, signal));
    await this.#calibrate(all, covered, nodes, signal);
    this.#health.report();
    this.#options.metrics.nodes.set({ source: 'usage' }, this.#memories.size);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#access[Symbol.asyncDispose]();
  }

  async #scrapeOne(node: UsageNode, signal: AbortSignal): Promise<void> {
    const plain = this.#modelOf(node.facts);
    if (plain === undefined) return this.#warnOfUnmodelled(node);
    const { calibration, clock } = this.#options;
    const model = calibrated(plain, calibration?.of({ node: node.name, model: plain.name }, clock.now()));
    try {
      await this.#record(node, model, signal);
    } catch (error) {
      if (!signal.aborted) this.#health.failed(node.name, error);
    }
  }

  /** Measured nodes of a type that others are modelled by: what the model has for them is compared with what they used. */
  async #calibrate(
    all: readonly UsageNode[],
    covered: ReadonlySet<string>,
    modelled: readonly UsageNode[],
    signal: AbortSignal,
  ): Promise<void> {
    const { calibration, clock, metrics } = this.#options;
    if (calibration === undefined) return;
    const wanted = new Set(modelled.flatMap(({ facts }) => this.#modelOf(facts)?.name ?? []));
    for (const node of all) {
      const model = covered.has(node.name) ? this.#modelOf(node.facts) : undefined;
      if (model === undefined || !wanted.has(model.name) || signal.aborted) continue;
      // A measured node needs no kubelet: one that cannot be read corrects nothing, and that is all.
      await this.#compare(node, model, signal).catch(() => this.#compared.delete(node.name));
    }
    for (const [model, { factor, source, at, low, high }] of calibration.ofTypes(clock.now())) {
      metrics.calibration.set({ model, source }, factor);
      metrics.calibrationLow.set({ model, source }, factor * low);
      metrics.calibrationHigh.set({ model, source }, factor * high);
      metrics.calibratedAt.set({ model }, at / 1000);
    }
  }

  async #compare(node: UsageNode, model: NodePowerModel, signal: AbortSignal): Promise<void> {
    const { calibration, clock, measured, maxGapMs } = this.#options;
    const drawn = measured?.of(node.name, clock.monotonic() - maxGapMs);
    if (drawn === undefined) return;
    const body = await this.#read(node, signal);
    const step = usageStep(this.#compared.get(node.name), body, { node: node.name, model, maxGapMs });
    this.#compared.set(node.name, step.memory);
    const { samples } = step;
    const whole = samples.find(({ container }) => container.namespace === IDLE);
    if (whole === undefined) return;
    const seconds = (whole.end - whole.start) / 1000;
    const modelled = samples.reduce((sum, { joules }) => sum + joules, 0);
    const pair = { measured: drawn.watts * seconds, modelled, seconds };
    calibration?.take({ node: node.name, model: model.name }, drawn.source, whole.end, pair);
  }

  async #read(node: UsageNode, signal: AbortSignal) {
    const { clock, config, maxGapMs } = this.#options;
    const limits = { timeoutMs: config.SCRAPE_TIMEOUT_SECONDS * 1000, maxBytes: config.SCRAPE_MAX_BODY_MB * 1_048_576 };
    const body = await this.#access.read(node, { ...limits, signal });
    refuseOld(node.name, body.node.at, clock.now(), maxGapMs);
    return body;
  }

  async #record(node: UsageNode, model: NodePowerModel, signal: AbortSignal): Promise<void> {
    const { clock, metrics, store, maxGapMs } = this.#options;
    const started = clock.monotonic();
    const body = await this.#read(node, signal);
    const now = clock.now();
    const step = usageStep(this.#memories.get(node.name), body, { node: node.name, model, maxGapMs });
    await store.append({ target: `kubelet ${node.name}`, samples: step.samples, scrapedAt: Math.round(now) });
    // Only now: were the write to fail, the next body would give the energy of both intervals.
    this.#memories.set(node.name, step.memory);
    metrics.scrapeSeconds.observe((clock.monotonic() - started) / 1000);
    metrics.lastScrape.set(now / 1000);
    this.#malformed.take(node.name, body.malformed);
    this.#count(step, body.partial);
    this.#health.succeeded(node.name, { model: model.name, containers: body.containers.length });
  }

  #count({ samples, events }: UsageStep, partial: boolean): void {
    const { metrics } = this.#options;
    metrics.samples.inc(samples.length);
    for (const { joules } of samples) metrics.energy.inc(joules);
    for (const [reason, times] of events) metrics.counterEvents.inc({ reason }, times);
    if (partial) metrics.counterEvents.inc({ reason: 'partial' });
  }

  #warnOfUnmodelled({ name, facts }: UsageNode): void {
    if (this.#unmodelled.has(name)) return;
    this.#unmodelled.add(name);
    this.#options.logger.warn(
      { code: 'NODE_TYPE_UNKNOWN', node: name, ...facts },
      'the power of a node cannot be modelled: neither its machine type nor its number of CPUs is known; set NODE_TYPES',
    );
  }

  #retain(names: ReadonlySet<string>): void {
    for (const name of this.#memories.keys()) if (!names.has(name)) this.#memories.delete(name);
    for (const name of this.#unmodelled) if (!names.has(name)) this.#unmodelled.delete(name);
    this.#health.retain(names);
  }
}

/** Values that the kubelet measured long ago, or in the future, say nothing about now. */
function refuseOld(node: string, at: number, now: number, maxGapMs: number): void {
  const ageMs = now - at;
  if (ageMs <= maxGapMs && ageMs >= -CLOCK_SKEW_MS) return;
  const seconds = Math.round(Math.abs(ageMs) / 1000);
  const detail = `its values are ${seconds} s ${ageMs > 0 ? 'old' : 'ahead'}; check the clocks of the node and of the poller`;
  throw new ScrapeError(node, 'stale', detail);
}

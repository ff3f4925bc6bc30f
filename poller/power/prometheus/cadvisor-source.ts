import { nodePowerModels } from '../../../shared/power-model/node-model.ts';
import type { NodeMachine } from '../../../shared/records/node-machines.ts';
import { TargetHealth } from '../target-health.ts';
import { type UsageMemory, usageStep } from '../usage/node-usage.ts';
import {
  CONTAINER_SELECTOR,
  MACHINE_SELECTOR,
  machinesOf,
  NODE_SELECTOR,
  nodeOf,
  usageBodies,
} from './cadvisor-bodies.ts';
import { PrometheusClient, type RawSeries } from './prometheus-client.ts';
import { accessOf, type PrometheusSourceOptions } from './prometheus-source.ts';
import { MAX_GAP_MS, RecordedWindows } from './recorded-windows.ts';

const TARGET = 'cadvisor';

/** Records the modelled energy of nodes without Kepler from cAdvisor's CPU time and memory that a Prometheus keeps. */
export class CadvisorSource implements AsyncDisposable {
  readonly #options: PrometheusSourceOptions;
  readonly #client: PrometheusClient;
  readonly #health: TargetHealth;
  readonly #windows: RecordedWindows;
  readonly #modelOf = nodePowerModels();
  readonly #memories = new Map<string, UsageMemory>();
  /** Nodes without a model, so that each is logged once. */
  readonly #unmodelled = new Set<string>();
  #covered: ReadonlySet<string> = new Set();

  constructor(options: PrometheusSourceOptions) {
    const { clock, config, lastMeasurement } = options;
    this.#options = options;
    this.#client = new PrometheusClient(accessOf(options));
    this.#health = new TargetHealth('prometheus', options);
    this.#windows = new RecordedWindows({
      clock,
      lastMeasurement,
      backfillMs: config.PROMETHEUS_BACKFILL,
      read: (from, until, signal) => this.#readWindow(from, until, signal),
    });
  }

  /** Reads what was recorded since the last time of nodes that have no better source. */
  async readNew(covered: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    this.#covered = covered;
    try {
      await this.#windows.readNew(signal);
      this.#health.succeeded(TARGET, { nodes: this.#memories.size });
    } catch (error) {
      if (!signal.aborted) this.#health.failed(TARGET, error);
    }
    this.#options.metrics.nodes.set({ source: 'usage' }, this.#memories.size);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }

  async #readWindow(from: number, until: number, signal: AbortSignal): Promise<void> {
    const range = (selector: string) => `${selector}[${Math.ceil((until - from + MAX_GAP_MS) / 1000)}s]`;
    const roots = await this.#client.query(range(NODE_SELECTOR), until, signal);
    const wanted = roots.filter(({ labels }) => !this.#covered.has(nodeOf(labels)));
    if (wanted.length === 0) return;
    const machines = machinesOf(await this.#client.query(range(MACHINE_SELECTOR), until, signal));
    const containers = await this.#client.query(range(CONTAINER_SELECTOR), until, signal);
    const byNode = Map.groupBy(containers, ({ labels }) => nodeOf(labels));
    for (const root of wanted) {
      const node = nodeOf(root.labels);
      const machine = { ...machines.get(node), ...this.#options.config.NODE_TYPES.get(node) };
      await this.#record(node, machine, { root, containers: byNode.get(node) ?? [] });
    }
  }

  async #record(
    node: string,
    machine: NodeMachine,
    { root, containers }: { readonly root: RawSeries; readonly containers: readonly RawSeries[] },
  ): Promise<void> {
    const { metrics, store } = this.#options;
    const model = this.#modelOf(machine);
    if (model === undefined) return this.#warnOfUnmodelled(node);
    for (const body of usageBodies(root, containers, this.#memories.get(node)?.node.at ?? -Infinity)) {
      const step = usageStep(this.#memories.get(node), body, { node, model, maxGapMs: MAX_GAP_MS });
      await store.append({ target: `${TARGET} ${node}`, samples: step.samples, scrapedAt: body.node.at });
      // Only now: were the write to fail, the next reading would give the energy of both intervals.
      this.#memories.set(node, step.memory);
      metrics.samples.inc(step.samples.length);
      for (const { joules } of step.samples) metrics.energy.inc(joules);
      for (const [reason, times] of step.events) metrics.counterEvents.inc({ reason }, times);
    }
  }

  #warnOfUnmodelled(node: string): void {
    if (this.#unmodelled.has(node)) return;
    this.#unmodelled.add(node);
    this.#options.logger.warn(
      { code: 'NODE_TYPE_UNKNOWN', node },
      'the power of a node cannot be modelled: neither its machine type nor its number of CPUs is known; set NODE_TYPES',
    );
  }
}

import { isoTime, joules } from '../../shared/grid/units.ts';
import type { PowerQuality, PowerSample, PowerWriter } from '../../shared/records/power.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { MeasuredNodes } from './calibration/measured-nodes.ts';
import type { Increase } from './container-increases.ts';
import { type CounterLimits, type IncreaseEvent, increaseSince } from './counter-increase.ts';
import type { ExporterMemory, NodeMemory } from './exporter-memory.ts';
import { MalformedLines } from './malformed-lines.ts';
import { balanceGpus, balanceNode } from './node-balance.ts';
import { NodeClosure } from './node-closure.ts';
import { byNode, type KeplerScrape, type Moment, type NodeCounters } from './observation.ts';
import type { PowerMetrics } from './power-metrics.ts';

/** Share by which containers and the rest may differ from their node before it is a warning. */
export const NOT_CLOSED = 0.05;

/** What the recorder needs. */
export interface RecorderOptions {
  readonly store: Pick<PowerWriter, 'append'>;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  readonly limits: CounterLimits;
  /** Nodes whose GPUs another source records; absent: none. */
  readonly gpusOf?: (() => ReadonlySet<string>) | undefined;
  /** Takes in what was recorded of nodes, for the models of their types. */
  readonly measured?: Pick<MeasuredNodes, 'recorded'> | undefined;
}

/** Writes the energy between two scrapes of a target to the store, node by node. */
export class PowerRecorder {
  readonly #options: RecorderOptions;
  readonly #malformed: MalformedLines;
  readonly #closure = new NodeClosure();
  /** Targets and nodes whose energy was dropped at the last scrape, so that each is logged once. */
  readonly #dropping = new Set<string>();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#malformed = new MalformedLines(options);
  }

  /** Records one scrape; rejects when the store does, and then the next scrape gives the energy of both intervals. */
  async record(target: string, scrape: KeplerScrape, moment: Moment, memory: ExporterMemory): Promise<void> {
    const { store, metrics, limits } = this.#options;
    const nodes = byNode(scrape);
    const names = nodes.map(({ node }) => node);
    this.#warnOfAlternation(target, names, memory);
    const steps = nodes.map((counters) => this.#step(target, { ...counters, ...moment }, memory));
    const samples = steps.flatMap((step) => step.samples);
    await store.append({ target, samples, scrapedAt: Math.round(moment.at) });
    for (const step of steps) {
      memory.remember(step.node, step.memory, moment.monotonic, limits.maxGapMs);
      this.#close(step, moment.at);
    }
    memory.totalIsSound = scrape.totalIsSound;
    this.#malformed.take(target, scrape.malformed);
    this.#warnOfDropped(target, steps);
    this.#countSamples(samples);
    for (const step of steps) this.#options.measured?.recorded(step.node, step.samples, moment.monotonic);
    for (const { events } of steps) for (const [reason, times] of events) metrics.counterEvents.inc({ reason }, times);
  }

  #step(target: string, observation: NodeCounters & Moment, exporter: ExporterMemory): NodeStep {
    const { limits } = this.#options;
    const { node, quality } = observation;
    const before = exporter.of(node);
    const { baselines, increases, countedThousandths, unchanged, events } = increaseSince(
      before?.baselines,
      observation,
      limits,
    );
    const whole = balanceNode(before?.balance, observation, countedThousandths.cpu, limits);
    const gpus = balanceGpus(before?.gpuBalance, observation, countedThousandths.gpu, limits);
    const remainders = [whole, gpus].flatMap(({ remainder }) => remainder ?? []);
    const samples = this.#without(node, samplesOf([...increases, ...remainders], quality));
    const frozen = this.#warnOfFrozen(target, node, exporter.frozen(node, unchanged));
    const recorded =
      samples.length === 0 ? 0 : countedThousandths.cpu + Math.round((whole.remainder?.amount ?? 0) * 1000);
    const { activeThousandths: counted } = whole;
    const closing = counted === undefined ? undefined : { recorded, counted };
    const memory = { baselines, balance: whole.balance, gpuBalance: gpus.balance };
    return { node, memory, samples: frozen ? [] : samples, events, closing };
  }

  /** The energy of GPUs that another exporter counts is left to it. */
  #without(node: string, samples: readonly PowerSample[]): readonly PowerSample[] {
    if (!this.#options.gpusOf?.().has(node)) return samples;
    return samples.filter(({ container }) => container.device !== 'gpu');
  }

  #warnOfDropped(target: string, steps: readonly NodeStep[]): void {
    const { limits, logger } = this.#options;
    for (const { node, events } of steps)
      if (this.#isNew(`${target} ${node}`, events.has('implausible')))
        logger.warn(
          {
            ...{ code: 'POWER_IMPLAUSIBLE', target, node, counters: events.get('implausible') },
            ...{ maxContainerWatts: limits.maxContainerRate, maxNodeWatts: limits.maxNodeRate },
          },
          'energy counters rose by more than is possible, and the increase was dropped',
        );
  }

  #isNew(key: string, occurs: boolean): boolean {
    const isNew = occurs && !this.#dropping.has(key);
    if (occurs) this.#dropping.add(key);
    else this.#dropping.delete(key);
    return isNew;
  }

  #warnOfFrozen(target: string, node: string, frozen: ReturnType<ExporterMemory['frozen']>): boolean {
    const { logger, metrics } = this.#options;
    if (!frozen) return false;
    metrics.counterEvents.inc({ reason: 'frozen' });
    if (frozen === 'first')
      logger.warn(
        { code: 'EXPORTER_FROZEN', target, node },
        'no energy counter of the node has moved for ten scrapes; its samples are left out until one does',
      );
    return true;
  }

  #warnOfAlternation(target: string, nodes: readonly string[], memory: ExporterMemory): void {
    const { logger, metrics } = this.#options;
    const occurrence = memory.alternates(nodes);
    if (!occurrence) return;
    metrics.counterEvents.inc({ reason: 'node-changed' });
    if (occurrence === 'first')
      logger.warn(
        { code: 'EXPORTER_NODES_ALTERNATE', target, nodes },
        'one exporter address serves several nodes in turn; use a headless service',
      );
  }

  /** Says how far a node's finished hour is from adding up. */
  #close({ node, closing }: NodeStep, at: number): void {
    const { logger, metrics } = this.#options;
    const closed = closing && this.#closure.take(node, at, closing);
    if (closed === undefined) return;
    metrics.closure.set({ node }, closed.ratio);
    if (Math.abs(closed.ratio - 1) > NOT_CLOSED)
      logger.warn(
        { code: 'NODE_NOT_CLOSED', node, hour: isoTime(closed.hour), ratio: closed.ratio },
        'the recorded energy of a node differs by more than 5 % from its own counters',
      );
  }

  #countSamples(samples: readonly PowerSample[]): void {
    const { metrics } = this.#options;
    metrics.samples.inc(samples.length);
    for (const { joules } of samples) metrics.energy.inc(joules);
  }
}

/** What one node of a scrape gave. */
interface NodeStep {
  readonly node: string;
  readonly memory: NodeMemory;
  readonly samples: readonly PowerSample[];
  readonly events: ReadonlyMap<IncreaseEvent, number>;
  /** What was recorded and what the node itself counted, idle energy left out; absent where it counted nothing. */
  readonly closing: { readonly recorded: number; readonly counted: number } | undefined;
}

/** Increases of joules as samples. Measured is what is meant where nothing is said. */
function samplesOf(increases: readonly Increase[], quality: PowerQuality): PowerSample[] {
  return increases.map(({ container, start, end, amount }) => ({
    container: quality === 'measured' ? container : { ...container, powerQuality: quality },
    start,
    end,
    joules: joules(amount),
  }));
}

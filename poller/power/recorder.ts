import type { PowerSample, PowerWriter } from '../../shared/records/power.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { Moment } from './container-energy.ts';
import { type IncreaseStep, increaseSince, type PowerLimits } from './energy-increase.ts';
import type { ExporterMemory } from './exporter-memory.ts';
import { byNode, type KeplerScrape, type NodeCounters } from './observation.ts';
import type { PowerMetrics } from './power-metrics.ts';

/** What the recorder needs. */
export interface RecorderOptions {
  readonly store: Pick<PowerWriter, 'append'>;
  readonly logger: Logger;
  readonly metrics: PowerMetrics;
  readonly limits: PowerLimits;
}

/** Writes the energy between two scrapes of a target to the store, node by node. */
export class PowerRecorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Records one scrape; rejects when the store does, and then the next scrape gives the energy of both intervals. */
  async record(target: string, scrape: KeplerScrape, moment: Moment, memory: ExporterMemory): Promise<void> {
    const { store, metrics, limits } = this.#options;
    const nodes = byNode(scrape);
    const names = nodes.map(({ node }) => node);
    this.#warnOfAlternation(target, names, memory);
    const steps = nodes.map((counters) => this.#step(target, counters, moment, memory));
    const samples = steps.flatMap((step) => step.samples);
    await store.append({ target, samples, scrapedAt: Math.round(moment.at) });
    for (const [index, { baselines }] of steps.entries())
      memory.remember(names[index] ?? '', baselines, moment.monotonic, limits.maxGapMs);
    memory.totalIsSound = scrape.totalIsSound;
    metrics.malformed.inc(scrape.malformed);
    this.#countSamples(samples);
    for (const { events } of steps) for (const [reason, times] of events) metrics.counterEvents.inc({ reason }, times);
  }

  #step(target: string, counters: NodeCounters, moment: Moment, memory: ExporterMemory): IncreaseStep {
    const { logger, metrics, limits } = this.#options;
    const { node } = counters;
    const step = increaseSince(memory.baselinesOf(node), { ...counters, ...moment }, limits);
    const frozen = memory.frozen(node, step.unchanged);
    if (!frozen) return step;
    metrics.counterEvents.inc({ reason: 'frozen' });
    if (frozen === 'first')
      logger.warn(
        { code: 'EXPORTER_FROZEN', target, node },
        'no energy counter of the node has moved for ten scrapes; its samples are left out until one does',
      );
    return { ...step, samples: [] };
  }

  #warnOfAlternation(target: string, nodes: readonly string[], memory: ExporterMemory): void {
    const { logger, metrics } = this.#options;
    const occurrence = memory.alternates(nodes);
    if (!occurrence) return;
    metrics.counterEvents.inc({ reason: 'node-changed' });
    if (occurrence === 'first')
      logger.warn(
        { code: 'EXPORTER_NODES_ALTERNATE', target, nodes },
        'one exporter address answers for several nodes in turn; use a headless service',
      );
  }

  #countSamples(samples: readonly PowerSample[]): void {
    const { metrics } = this.#options;
    metrics.samples.inc(samples.length);
    for (const { joules } of samples) metrics.energy.inc(joules);
  }
}

import type { CounterBaselines } from './counter-increase.ts';
import type { NodeBalance } from './node-balance.ts';

/** Scrapes in a row in which no counter of a node moved, from which on its exporter counts as frozen. */
const FROZEN_AFTER = 10;

/** Whether something occurs: for the `first` time, which is worth a warning, `again`, or not at all. */
export type Occurrence = 'first' | 'again' | false;

/** What is remembered of one node. */
export interface NodeMemory {
  readonly baselines: CounterBaselines;
  readonly balance: NodeBalance | undefined;
  /** The same for its GPUs. */
  readonly gpuBalance: NodeBalance | undefined;
}

/**
 * What is remembered of one exporter address between two scrapes, by node: behind the address of a service there may be
 * many exporters, and counters of different nodes must never be subtracted from each other.
 */
export class ExporterMemory {
  /** The last body had a total that can be trusted. */
  totalIsSound = false;
  readonly #nodes = new Map<string, { readonly memory: NodeMemory; readonly observedAt: number }>();
  /** Scrapes in a row without any movement, by node. */
  readonly #unchanged = new Map<string, number>();
  #lastNodes: readonly string[] = [];
  #alternationReported = false;

  /** What is remembered of a node since it was last observed. */
  of(node: string): NodeMemory | undefined {
    return this.#nodes.get(node)?.memory;
  }

  /** Whether the body is of a node that had answered before another one did: many exporters share the address. */
  alternates(nodes: readonly string[]): Occurrence {
    const others = this.#lastNodes.length > 0 && !nodes.some((node) => this.#lastNodes.includes(node));
    this.#lastNodes = nodes;
    if (!others || !nodes.some((node) => this.#nodes.has(node))) return false;
    const occurrence = this.#alternationReported ? 'again' : 'first';
    this.#alternationReported = true;
    return occurrence;
  }

  /** Whether a node's counters have been unchanged for so long that its exporter must be frozen. */
  frozen(node: string, unchanged: boolean): Occurrence {
    const times = unchanged ? (this.#unchanged.get(node) ?? 0) + 1 : 0;
    this.#unchanged.set(node, times);
    if (times < FROZEN_AFTER) return false;
    return times === FROZEN_AFTER ? 'first' : 'again';
  }

  /** Keeps a node's counters, and forgets nodes that have been away for too long to go on from. */
  remember(node: string, memory: NodeMemory, now: number, maxGapMs: number): void {
    this.#nodes.set(node, { memory, observedAt: now });
    for (const [name, { observedAt }] of this.#nodes)
      if (now - observedAt > maxGapMs) {
        this.#nodes.delete(name);
        this.#unchanged.delete(name);
      }
  }
}

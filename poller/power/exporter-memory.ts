import type { CounterBaselines } from './energy-increase.ts';

/** Scrapes in a row in which not one counter moved, from which on an exporter counts as frozen. */
const FROZEN_AFTER = 10;

/** What one look at an exporter showed: `first` is worth a warning, `again` was said before. */
export interface Look {
  /** A node came back that had answered before another one did. */
  readonly returned: 'first' | 'again' | false;
  readonly frozen: 'first' | 'again' | false;
}

/**
 * What is remembered of one address between two scrapes, by the node that answered: behind one address of a service
 * stand many exporters, and counters of different nodes must never be subtracted from each other.
 */
export class ExporterMemory {
  /** Its last body had a total that can be trusted. */
  totalIsSound = false;
  readonly #states = new Map<string, { readonly state: CounterBaselines; readonly seen: number }>();
  #node: string | undefined;
  #still = 0;
  #warned = { returned: false, frozen: false };

  /** The counters that a node had when it last answered. */
  stateOf(node: string): CounterBaselines | undefined {
    return this.#states.get(node)?.state;
  }

  /** Judges a scrape: which node answered, and whether any of its counters moved. */
  look(node: string, still: boolean): Look {
    const returned = this.#node !== undefined && this.#node !== node && this.#states.has(node);
    this.#node = node;
    this.#still = still ? this.#still + 1 : 0;
    const frozen = this.#still >= FROZEN_AFTER;
    if (!frozen) this.#warned.frozen = false;
    const look: Look = {
      returned: returned && (this.#warned.returned ? 'again' : 'first'),
      frozen: frozen && (this.#warned.frozen ? 'again' : 'first'),
    };
    this.#warned = { returned: this.#warned.returned || returned, frozen };
    return look;
  }

  /** Keeps a node's counters, and forgets nodes that have not answered for too long to go on from. */
  remember(node: string, state: CounterBaselines, now: number, maxGapMs: number): void {
    this.#states.set(node, { state, seen: now });
    for (const [name, { seen }] of this.#states) if (now - seen > maxGapMs) this.#states.delete(name);
  }
}

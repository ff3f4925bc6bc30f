/** A namespace must have used this many times the energy of the smallest named one to take its place, so that names do not flap. */
const LEAD = 1.2;

/** Name of all namespaces beyond the largest. */
export const OTHER_NAMESPACES = 'other';

/** Bounds the label values of metrics: the namespaces that used the most energy, and `other`. */
export class TopNamespaces {
  readonly #limit: number;
  readonly #joules = new Map<string, number>();
  readonly #named = new Set<string>();
  readonly #onRemoved: (namespace: string) => void;

  /** `onRemoved` is called with a namespace that lost its name to a larger one: its series has to go. */
  constructor(limit: number, onRemoved: (namespace: string) => void) {
    this.#limit = limit;
    this.#onRemoved = onRemoved;
  }

  /** The label for energy that a namespace used now: its own name, or `other`. */
  labelOf(namespace: string, joules: number): string {
    const total = (this.#joules.get(namespace) ?? 0) + joules;
    this.#joules.set(namespace, total);
    if (this.#named.has(namespace)) return namespace;
    if (this.#named.size >= this.#limit) {
      const smallest = this.#smallest();
      if (total < LEAD * (this.#joules.get(smallest) ?? 0)) return OTHER_NAMESPACES;
      this.#named.delete(smallest);
      this.#onRemoved(smallest);
    }
    this.#named.add(namespace);
    return namespace;
  }

  #smallest(): string {
    let smallest = '';
    let least = Number.POSITIVE_INFINITY;
    for (const namespace of this.#named) {
      const joules = this.#joules.get(namespace) ?? 0;
      if (joules < least) [smallest, least] = [namespace, joules];
    }
    return smallest;
  }
}

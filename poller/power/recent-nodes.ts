/** Nodes that a source has recorded lately: no other source may count them, too. */
export class RecentNodes {
  readonly #seen = new Map<string, number>();
  readonly #forMs: number;
  readonly #now: () => number;

  /** `forMs`: how long a node is remembered. `now`: the clock that {@link saw} is given times of. */
  constructor(forMs: number, now: () => number) {
    this.#forMs = forMs;
    this.#now = now;
  }

  /** Energy of a node was recorded at a time. */
  saw(node: string, at: number): void {
    this.#seen.set(node, at);
  }

  names(): ReadonlySet<string> {
    const since = this.#now() - this.#forMs;
    for (const [node, at] of this.#seen) if (at < since) this.#seen.delete(node);
    return new Set(this.#seen.keys());
  }
}

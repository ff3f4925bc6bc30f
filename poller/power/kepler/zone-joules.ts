/** Joules of nodes by energy zone. */
export class ZoneJoules {
  readonly #nodes = new Map<string, Map<string, number>>();

  /** Number of nodes. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Adds a sample: a zone of a node may occur once for each processor socket. */
  add(node: string, labels: ReadonlyMap<string, string>, value: number): void {
    const zones = this.#nodes.get(node) ?? new Map<string, number>();
    this.#nodes.set(node, zones);
    const zone = labels.get('zone') ?? '';
    zones.set(zone, (zones.get(zone) ?? 0) + value);
  }

  /** Joules of the chosen zones by node, of nodes that have any of them. */
  *sums(chosen: readonly string[]): Iterable<readonly [string, number]> {
    for (const [node, zones] of this.#nodes) {
      const joules = sumOf(zones, chosen);
      if (joules !== undefined) yield [node, joules];
    }
  }
}

/** Joules of some zones together; undefined when none of them is there. */
export function sumOf(zones: ReadonlyMap<string, number>, chosen: readonly string[]): number | undefined {
  let joules: number | undefined;
  for (const zone of chosen) {
    const part = zones.get(zone);
    if (part !== undefined) joules = (joules ?? 0) + part;
  }
  return joules;
}

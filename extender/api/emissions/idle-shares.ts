import type { TimeRange } from '../../../shared/records/power.ts';
import type { Energy } from './energy.ts';
import type { RowName } from './naming.ts';
import type { PricedPart, Pricing } from './priced.ts';
import { RowSums } from './rows.ts';

/** What rows used of one node in one piece of time. */
interface NodeUse {
  joules: number;
  readonly rows: Map<string, { readonly row: RowName; joules: number }>;
}

/** Shares the idle energy of each node among the rows that used it, by their energy; that of a node that nothing ran on stays idle. */
export class IdleShares {
  readonly #idle: readonly RowSums[];
  readonly #uses: readonly Map<string, NodeUse>[];

  constructor(pieces: readonly TimeRange[]) {
    this.#idle = pieces.map((piece) => new RowSums(piece));
    this.#uses = pieces.map(() => new Map());
  }

  /** Counts energy that something on a node used; `row` is undefined for what is in no row. */
  use(at: number, row: RowName | undefined, { container, joules }: Energy): void {
    const uses = this.#uses[at];
    if (uses === undefined) return;
    let node = uses.get(container.node);
    if (node === undefined) {
      node = { joules: 0, rows: new Map() };
      uses.set(container.node, node);
    }
    node.joules += joules;
    if (row === undefined) return;
    const known = node.rows.get(row.name);
    if (known === undefined) node.rows.set(row.name, { row, joules });
    else known.joules += joules;
  }

  /** Takes idle energy of a node. */
  idle(at: number, energy: Energy, pricing: Pricing, priced: PricedPart | undefined): void {
    this.#idle[at]?.add({ name: energy.container.node, properties: {} }, energy, pricing, priced);
  }

  /** Adds the shares to the rows; `idleRow`, where there is one, gets that of nodes that nothing ran on. */
  distribute(sums: readonly RowSums[], idleRow: RowName | undefined): void {
    for (const [at, nodes] of this.#idle.entries())
      for (const [node, idle] of nodes.sums()) {
        const use = this.#uses[at]?.get(node);
        if (use === undefined || !(use.joules > 0)) {
          if (idleRow !== undefined) sums[at]?.addShare(idleRow, idle, 1);
        } else for (const { row, joules } of use.rows.values()) sums[at]?.addShare(row, idle, joules / use.joules);
      }
  }
}

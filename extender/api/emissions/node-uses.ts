import { HOUR_MS } from '../../../shared/grid/units.ts';
import type { Facility } from '../../../shared/records/facility.ts';
import type { TimeRange } from '../../../shared/records/power.ts';
import type { Energy } from './energy.ts';
import type { RowName } from './naming.ts';
import type { RowSums } from './rows.ts';

/** What rows used of one node in one piece of time. */
export interface NodeUse {
  joules: number;
  readonly rows: Map<string, { readonly row: RowName; joules: number }>;
  /** Milliseconds with power by hour: those of the container that has most. */
  readonly coveredMs: Map<number, number>;
  /** The same of hours that the store has added up. */
  addedMs: number;
}

/** Adds up what rows used of each node, by piece of time: what anything of the node is shared by. */
export class NodeUses {
  readonly #uses: readonly Map<string, NodeUse>[];

  constructor(pieces: readonly TimeRange[]) {
    this.#uses = pieces.map(() => new Map());
  }

  /** Counts energy that something on a node used; `row` is undefined for what is in no row. */
  use(at: number, row: RowName | undefined, piece: Energy): void {
    const node = this.#timed(at, piece);
    if (node === undefined) return;
    node.joules += piece.joules;
    if (row === undefined) return;
    const known = node.rows.get(row.name);
    if (known === undefined) node.rows.set(row.name, { row, joules: piece.joules });
    else known.joules += piece.joules;
  }

  /** Counts the time of energy that is shared out itself. */
  time(at: number, piece: Energy): void {
    this.#timed(at, piece);
  }

  /** Counts time for which the power of a node is known, beside that of its energy by hour. */
  known(at: number, node: string, ms: number): void {
    const use = this.#of(at, node);
    if (use !== undefined) use.addedMs += ms;
  }

  /** What rows used of a node in a piece of time; undefined where nothing did. */
  of(at: number, node: string): NodeUse | undefined {
    return this.#uses[at]?.get(node);
  }

  /** Shares the making of each node's machine, for the time that its power is known, among the rows by their energy; that of a node that nothing ran on is the idle row's. */
  shareEmbodied(sums: readonly RowSums[], facility: Facility, idleRow: RowName | undefined): void {
    for (const [at, nodes] of this.#uses.entries())
      for (const [node, { joules, rows, coveredMs, addedMs }] of nodes) {
        const perHour = facility.embodiedPerHour(node)?.value;
        const hours = [...coveredMs.values()].reduce((sum, ms) => sum + ms, addedMs) / HOUR_MS;
        const perJoule = joules > 0 ? hours / joules : 0;
        if (rows.size === 0 && joules === 0 && idleRow !== undefined)
          sums[at]?.addEmbodied(idleRow, perHour === undefined ? undefined : perHour * hours);
        for (const { row, joules: own } of rows.values())
          sums[at]?.addEmbodied(row, perHour === undefined ? undefined : perHour * perJoule * own);
      }
  }

  #timed(at: number, { container, hour, coveredMs }: Energy): NodeUse | undefined {
    const node = this.#of(at, container.node);
    if (node !== undefined && hour !== undefined)
      node.coveredMs.set(hour, Math.max(node.coveredMs.get(hour) ?? 0, coveredMs));
    return node;
  }

  #of(at: number, name: string): NodeUse | undefined {
    const uses = this.#uses[at];
    let node = uses?.get(name);
    if (uses !== undefined && node === undefined) {
      node = { joules: 0, rows: new Map(), coveredMs: new Map(), addedMs: 0 };
      uses.set(name, node);
    }
    return node;
  }
}

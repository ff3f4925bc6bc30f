import type { MarketPart } from '../../../shared/emissions/matching.ts';
import type { Differences } from '../../../shared/emissions/what-if.ts';
import type { TimeRange } from '../../../shared/records/power.ts';
import type { Energy } from './energy.ts';
import type { RowName } from './naming.ts';
import type { NodeUses } from './node-uses.ts';
import type { PricedPart, Pricing } from './priced.ts';
import { RowSums } from './rows.ts';

/** Shares the idle energy of each node among the rows that used it, by their energy; that of a node that nothing ran on stays idle. */
export class IdleShares {
  readonly #idle: readonly RowSums[];
  readonly #uses: NodeUses;

  constructor(pieces: readonly TimeRange[], uses: NodeUses) {
    this.#idle = pieces.map((piece) => new RowSums(piece));
    this.#uses = uses;
  }

  /** Takes idle energy of a node. */
  idle(at: number, energy: Energy, pricing: Pricing, priced: PricedPart | undefined): void {
    this.#uses.time(at, energy);
    this.#idle[at]?.add({ name: energy.container.node, properties: {} }, energy, pricing, priced);
  }

  /** Takes differences of a node's idle energy that were added up elsewhere. */
  differences(at: number, node: string, differences: Differences): void {
    this.#idle[at]?.addDifferences({ name: node, properties: {} }, differences);
  }

  /** Takes a part of the market-based figures of a node's idle energy that was added up elsewhere. */
  marketPart(at: number, node: string, part: MarketPart, weightedJoules: number): void {
    this.#idle[at]?.addMarketPart({ name: node, properties: {} }, part, weightedJoules);
  }

  /** Adds the shares to the rows; `idleRow`, where there is one, gets that of nodes that nothing ran on. */
  distribute(sums: readonly RowSums[], idleRow: RowName | undefined): void {
    for (const [at, nodes] of this.#idle.entries())
      for (const [node, idle] of nodes.sums()) {
        const use = this.#uses.of(at, node);
        if (use === undefined || !(use.joules > 0)) {
          if (idleRow !== undefined) sums[at]?.addShare(idleRow, idle, 1);
        } else for (const { row, joules } of use.rows.values()) sums[at]?.addShare(row, idle, joules / use.joules);
      }
  }
}

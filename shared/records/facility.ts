import type { Zone } from '../grid/zones.ts';

/** A figure and where it is from. */
export interface SourcedFigure {
  readonly value: number;
  readonly source: string;
}

/** What is known of the buildings and the making of nodes. */
export interface Facility {
  /** Power usage effectiveness of a node's building: its whole energy per energy of its machines; undefined when unknown. */
  pueOf(node: string, zone: Zone | undefined): SourcedFigure | undefined;
  /** gCO2e of making a node's machine for each hour of its life; undefined when unknown, as without a name: that may be several. */
  embodiedPerHour(node: string): SourcedFigure | undefined;
  /** Whether the making of any node's machine is known. */
  knowsEmbodied(): boolean;
}

import type { Zone } from './zones.ts';

/** Who said where a node stands: the node itself, by its labels, or one of the settings. */
export type ZoneSource = 'node' | 'ZONE_MAP' | 'DEFAULT_ZONE';

/** Tells the grid zone of a node by its name; undefined when nobody knows it. */
export interface ZoneOfNode {
  (node: string): Zone | undefined;
  /** Who says so; undefined where the zone is. Absent: not told. */
  readonly sourceOf?: (node: string) => ZoneSource | undefined;
}

/** The zone that a node told, else the one that the settings give it. */
export function toldElse(told: (node: string) => Zone | undefined, configured: ZoneOfNode): ZoneOfNode {
  const sourceOf = (node: string) => (told(node) === undefined ? configured.sourceOf?.(node) : 'node');
  return Object.assign((node: string) => told(node) ?? configured(node), { sourceOf });
}

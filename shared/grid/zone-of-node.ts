import type { Zone } from './zones.ts';

/** Source of a node's zone: the node itself, by its labels, or one of the settings. */
export type ZoneSource = 'node' | 'ZONE_MAP' | 'DEFAULT_ZONE';

/** Looks up the grid zone of a node by its name; undefined when it is unknown. */
export interface ZoneOfNode {
  (node: string): Zone | undefined;
  /** Source of the zone; undefined where the zone is. Absent: sources are not recorded. */
  readonly sourceOf?: (node: string) => ZoneSource | undefined;
}

/** The zone that a node's labels gave, else the one of the settings. */
export function reportedElse(reported: (node: string) => Zone | undefined, configured: ZoneOfNode): ZoneOfNode {
  const sourceOf = (node: string) => (reported(node) === undefined ? configured.sourceOf?.(node) : 'node');
  return Object.assign((node: string) => reported(node) ?? configured(node), { sourceOf });
}

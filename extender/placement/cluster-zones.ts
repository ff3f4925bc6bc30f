import type { Zone } from '../../shared/grid/zones.ts';
import type { WatchedNodes } from './nodes.ts';

/**
 * Zones that work of the cluster can be placed in: those that node labels name, and those of ZONE_MAP; DEFAULT_ZONE only
 * counts where no label names any. Undefined while the nodes are being listed: a part of the list is not all zones.
 */
export function clusterZones(
  nodes: Pick<WatchedNodes, 'ageMs' | 'zones'> | undefined,
  {
    ZONE_MAP,
    DEFAULT_ZONE,
  }: { readonly ZONE_MAP: ReadonlyMap<string, Zone>; readonly DEFAULT_ZONE?: Zone | undefined },
): readonly Zone[] | undefined {
  if (nodes !== undefined && nodes.ageMs() === undefined) return undefined;
  const labelled = nodes?.zones() ?? [];
  const zones = new Set([...labelled, ...ZONE_MAP.values()]);
  if (labelled.length === 0 && DEFAULT_ZONE !== undefined) zones.add(DEFAULT_ZONE);
  return [...zones];
}

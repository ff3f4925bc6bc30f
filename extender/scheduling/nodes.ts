import { providerOf, zoneOfRegion } from '../../shared/regions.ts';
import { parseZone, type Zone } from '../../shared/zones.ts';
import type { CandidateNode } from './protocol.ts';

/** Tells the zone of a node of which only the name is known. */
export interface NodeDirectory {
  /** The node's grid zone; undefined when nobody knows it. */
  zoneOf(name: string): Zone | undefined;
  /** Changes whenever an answer of `zoneOf` may have changed, so that what was worked out from it can be kept until then. */
  readonly version: number;
}

/** Node label that names the grid zone directly. */
const ZONE_LABEL = 'carbon-extender.io/zone';
const REGION_LABEL = 'topology.kubernetes.io/region';

/** The directory that needs no API server: ZONE_MAP, then DEFAULT_ZONE. */
export function configuredDirectory(zoneMap: ReadonlyMap<string, Zone>, defaultZone: Zone | undefined): NodeDirectory {
  return { version: 0, zoneOf: (name) => zoneMap.get(name) ?? defaultZone };
}

/**
 * The zone of a candidate, first match: its label carbon-extender.io/zone; its region label with the provider of its
 * providerID; the directory. What a `Nodes` body tells of a node is not remembered for later names: the answer to a
 * request depends on that request alone.
 */
export function zoneOfNode(node: CandidateNode, directory: NodeDirectory): Zone | undefined {
  return labelledZone(node) ?? directory.zoneOf(node.name);
}

/** The zone that a node's own object tells; undefined when it tells none. A malformed label counts as none. */
function labelledZone(node: Omit<CandidateNode, 'name'>): Zone | undefined {
  const label = node.labels?.[ZONE_LABEL];
  const parsed = label === undefined ? undefined : parseZone(label);
  if (parsed !== undefined && parsed.kind !== 'malformed') return parsed.zone;
  const region = node.labels?.[REGION_LABEL];
  const provider = region === undefined ? undefined : providerOf(node.providerId);
  return provider && region ? zoneOfRegion(provider, region) : undefined;
}

import { z } from 'zod';
import { providerOf, zoneOfRegion } from '../../shared/grid/regions.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import type { CandidateNode } from '../webhook/protocol.ts';

/** Tells the zone of a node of which only the name is known. */
export interface NodeDirectory {
  /** The node's grid zone; undefined when nobody knows it. */
  zoneOf(name: string): Zone | undefined;
  /** Changes whenever an answer of `zoneOf` may have changed, so that what was worked out from it can be kept until then. */
  readonly version: number;
}

/** A directory that follows the nodes of a cluster. */
export interface WatchedNodes extends NodeDirectory, AsyncDisposable {
  /** Milliseconds since the API server was last heard of; undefined until all nodes have been listed. */
  ageMs(): number | undefined;
  /** Zones that nodes tell themselves, each once. */
  zones(): readonly Zone[];
  /** Nodes that tell their zone themselves, with it. */
  told(): Iterable<readonly [string, Zone]>;
}

/** Node label that names the grid zone directly. */
export const ZONE_LABEL = 'carbon-extender.io/zone';
/** Node label that names the cloud's region. */
export const REGION_LABEL = 'topology.kubernetes.io/region';

/** The directory that needs no API server: ZONE_MAP, then DEFAULT_ZONE. */
export function configuredDirectory(zoneMap: ReadonlyMap<string, Zone>, defaultZone: Zone | undefined): NodeDirectory {
  return { version: 0, zoneOf: (name) => zoneMap.get(name) ?? defaultZone };
}

const nodeObject = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({ providerID: z.string().nullish() }).nullish(),
});

/** Follows the nodes of a cluster and keeps of each only its zone; a node that tells none is the configuration's to place. */
export function watchNodes(
  client: KubernetesClient,
  configured: NodeDirectory,
  { clock, logger }: { clock: Clock; logger: Logger },
): WatchedNodes {
  let version = 0;
  const nodes = watchCollection<Zone>({
    client,
    path: '/api/v1/nodes',
    keep(object) {
      const { metadata, spec } = nodeObject.parse(object);
      return labelledZone({ labels: metadata.labels ?? undefined, providerId: spec?.providerID ?? undefined });
    },
    // Nodes report every few minutes that they live; only a zone that changes makes anything new here.
    onChange(_name, now, before) {
      if (now !== before) version += 1;
    },
    clock,
    logger,
  });
  return {
    zoneOf: (name) => nodes.get(name) ?? configured.zoneOf(name),
    get version() {
      return version;
    },
    ageMs: () => nodes.ageMs(),
    zones: () => [...new Set([...nodes.entries()].map(([, zone]) => zone))],
    told: () => nodes.entries(),
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
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
function labelledZone(node: Pick<CandidateNode, 'labels' | 'providerId'>): Zone | undefined {
  const label = node.labels?.[ZONE_LABEL];
  const parsed = label === undefined ? undefined : parseZone(label);
  if (parsed !== undefined && parsed.kind !== 'malformed') return parsed.zone;
  const region = node.labels?.[REGION_LABEL];
  const provider = region === undefined ? undefined : providerOf(node.providerId);
  return provider && region ? zoneOfRegion(provider, region) : undefined;
}

import { z } from 'zod';
import { providerOf, zoneOfRegion } from '../../shared/grid/regions.ts';
import { parseZone, type Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';

/** What a request says of a node: its name, and in a `Nodes` body what locates it. */
export interface NodeFacts {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly providerId?: string | undefined;
}

/** Looks up the zone of a node of which only the name is known. */
export interface NodeDirectory {
  /** The node's grid zone; undefined when it is not known. */
  zoneOf(name: string): Zone | undefined;
  /** Changes whenever a result of `zoneOf` may have changed. */
  readonly version: number;
}

/** A directory that follows the nodes of a cluster. */
export interface WatchedNodes extends NodeDirectory, AsyncDisposable {
  /** Milliseconds since the API server last sent anything; undefined until all nodes have been listed. */
  ageMs(): number | undefined;
  /** Zones that nodes' own labels name, each once. */
  zones(): readonly Zone[];
  /** Nodes whose own labels name their zone, with it. */
  labelled(): Iterable<readonly [string, Zone]>;
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

/** Follows the nodes of a cluster and keeps of each only its zone; a node whose labels name none gets that of the configuration. */
export function watchNodes(
  client: KubernetesClient,
  configured: NodeDirectory,
  { clock, logger }: { clock: Clock; logger: Logger },
): WatchedNodes {
  let version = 0;
  let listed = false;
  const nodes = watchCollection<Zone>({
    client,
    path: '/api/v1/nodes',
    keep(object) {
      const { metadata, spec } = nodeObject.parse(object);
      return labelledZone({ labels: metadata.labels ?? undefined, providerId: spec?.providerID ?? undefined });
    },
    // Heartbeats change a node every few minutes; only a change of its zone changes a score.
    onChange(_name, now, before) {
      if (now !== before) version += 1;
    },
    clock,
    logger,
  });
  return {
    zoneOf: (name) => nodes.get(name) ?? configured.zoneOf(name),
    get version() {
      // The end of the first list counts as a change: only from then on is a missing zone news.
      if (!listed && nodes.ageMs() !== undefined) {
        listed = true;
        version += 1;
      }
      return version;
    },
    ageMs: () => nodes.ageMs(),
    zones: () => [...new Set([...nodes.entries()].map(([, zone]) => zone))],
    labelled: () => nodes.entries(),
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
}

/**
 * The zone of a candidate, first match: its label carbon-extender.io/zone; its region label with the provider of its
 * providerID; the directory. What a `Nodes` body says of a node is not remembered for later names: the response to a
 * request depends on that request alone.
 */
export function zoneOfNode(node: NodeFacts, directory: NodeDirectory): Zone | undefined {
  return labelledZone(node) ?? directory.zoneOf(node.name);
}

/** The zone that a node's own object names; undefined when it names none. A malformed label counts as none. */
function labelledZone(node: Pick<NodeFacts, 'labels' | 'providerId'>): Zone | undefined {
  const label = node.labels?.[ZONE_LABEL];
  const parsed = label === undefined ? undefined : parseZone(label);
  if (parsed !== undefined && parsed.kind !== 'malformed') return parsed.zone;
  const region = node.labels?.[REGION_LABEL];
  const provider = region === undefined ? undefined : providerOf(node.providerId);
  return provider && region ? zoneOfRegion(provider, region) : undefined;
}

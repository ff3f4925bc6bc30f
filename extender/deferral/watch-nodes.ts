import { z } from 'zod';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import type { PodIdentity } from './bound-pods.ts';
import type { SchedulableNode } from './node-fit.ts';
import type { NodeRequests } from './node-requests.ts';
import { type PodRequirements, quantityOf } from './pod-requirements.ts';
import { createZoneFinder, type UsableZones, type ZoneFinder } from './usable-zones.ts';

/** Nodes with what decides which pods they can take. */
export interface SchedulableNodes extends AsyncDisposable {
  /** Undefined until the nodes have been listed, and in a cluster without nodes. */
  zonesFor(pod: PodRequirements, self: PodIdentity): UsableZones | undefined;
  /** Milliseconds since the API server was last heard of; undefined until the nodes have been listed. */
  ageMs(): number | undefined;
}

const nodeObject = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
  spec: z
    .object({
      unschedulable: z.boolean().nullish(),
      taints: z.array(z.object({ key: z.string(), value: z.string().nullish(), effect: z.string() })).nullish(),
    })
    .nullish(),
  status: z.object({ allocatable: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Follows the nodes of the cluster. */
export function watchSchedulableNodes(options: {
  readonly client: KubernetesClient;
  readonly zoneOf: (node: string) => Zone | undefined;
  readonly use: Pick<NodeRequests, 'of' | 'pods' | 'version'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): SchedulableNodes {
  const { zoneOf, use, ...source } = options;
  let version = 0;
  const nodes = watchCollection<SchedulableNode>({
    ...source,
    path: '/api/v1/nodes',
    keep: readNode,
    // Nodes report their condition every few minutes; only what a pod can be refused for makes anything new here.
    onChange(_name, now, before) {
      if (JSON.stringify(now) !== JSON.stringify(before)) version += 1;
    },
  });
  const versions = () => `${version} ${use.version}`;
  let current: { readonly version: string; readonly finder: ZoneFinder } | undefined;
  return {
    zonesFor(pod, self) {
      if (nodes.ageMs() === undefined || nodes.size === 0) return undefined;
      if (current?.version !== versions()) {
        const finder = createZoneFinder({ nodes: byName(nodes.entries()), zoneOf, use });
        current = { version: versions(), finder };
      }
      return current.finder.zonesFor(pod, self);
    },
    ageMs: () => nodes.ageMs(),
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
}

function byName(entries: Iterable<readonly [string, SchedulableNode]>): Map<string, SchedulableNode> {
  return new Map([...entries].map(([, node]) => [node.name, node]));
}

/** What of a node object is kept. */
export function readNode(object: unknown): SchedulableNode {
  const { metadata, spec, status } = nodeObject.parse(object);
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    taints: (spec?.taints ?? []).map(({ key, value, effect }) => ({ key, effect, ...(value && { value }) })),
    unschedulable: spec?.unschedulable ?? false,
    allocatable: Object.fromEntries(
      Object.entries(status?.allocatable ?? {}).map(([name, text]) => [name, quantityOf(text)]),
    ),
  };
}

import { z } from 'zod';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { type SchedulableNode, usableZones } from './node-fit.ts';
import { type PodRequirements, quantityOf } from './pod-requirements.ts';

/** Zones of the nodes that a pod can use. */
export interface UsableZones {
  /** Usable nodes by zone. */
  readonly zones: ReadonlyMap<Zone, number>;
  /** Usable nodes whose zone is not known. */
  readonly unknown: number;
}

/** Nodes with what decides which pods they can take. */
export interface SchedulableNodes extends AsyncDisposable {
  /** Undefined until the nodes have been listed, and in a cluster without nodes. */
  zonesFor(pod: PodRequirements): UsableZones | undefined;
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

/** Requirements that are remembered at a time; pods of one template share theirs. */
const MOST_REMEMBERED = 1_000;

/** Follows the nodes of the cluster. */
export function watchSchedulableNodes(options: {
  readonly client: KubernetesClient;
  readonly zoneOf: (node: string) => Zone | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): SchedulableNodes {
  const { zoneOf, ...source } = options;
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
  let remembered = new Map<string, UsableZones>();
  let rememberedVersion = version;
  return {
    zonesFor(pod) {
      if (nodes.ageMs() === undefined || nodes.size === 0) return undefined;
      if (rememberedVersion !== version || remembered.size >= MOST_REMEMBERED) remembered = new Map();
      rememberedVersion = version;
      const key = JSON.stringify(pod);
      const known = remembered.get(key);
      if (known) return known;
      const zones = new Map(usableZones(pod, values(nodes.entries()), zoneOf));
      const unknown = zones.get(undefined) ?? 0;
      zones.delete(undefined);
      const found = { zones: zones as Map<Zone, number>, unknown };
      remembered.set(key, found);
      return found;
    },
    ageMs: () => nodes.ageMs(),
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
}

function* values<Value>(entries: Iterable<readonly [string, Value]>): Iterable<Value> {
  for (const [, value] of entries) yield value;
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

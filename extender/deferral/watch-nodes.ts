import { z } from 'zod';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { fitsNode, type SchedulableNode, usableZones } from './node-fit.ts';
import type { NodeRequests } from './node-requests.ts';
import { type PodRequirements, quantityOf } from './pod-requirements.ts';
import type { Space } from './space.ts';
import { ANY_ZONE } from './waiting-work.ts';

/** Zones of the nodes that a pod can use. */
export interface UsableZones {
  /** Usable nodes by zone. */
  readonly zones: ReadonlyMap<Zone, number>;
  /** Usable nodes whose zone is not known. */
  readonly unknown: number;
  /** What is free on the usable nodes of each zone, and of all of them under {@link ANY_ZONE}; undefined until the pods on them are known. */
  readonly spaces: ReadonlyMap<Zone, Space> | undefined;
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
  readonly use: Pick<NodeRequests, 'of' | 'version'>;
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
  let remembered = new Map<string, UsableZones>();
  const versions = () => `${version} ${use.version}`;
  let rememberedVersion = versions();
  let pools = new Map<string, string>();
  return {
    zonesFor(pod) {
      if (nodes.ageMs() === undefined || nodes.size === 0) return undefined;
      if (rememberedVersion !== versions() || remembered.size >= MOST_REMEMBERED)
        [remembered, pools] = [new Map(), new Map()];
      rememberedVersion = versions();
      const key = JSON.stringify(pod);
      const known = remembered.get(key);
      if (known) return known;
      const all = [...values(nodes.entries())];
      const zones = new Map(usableZones(pod, all, zoneOf));
      const unknown = zones.get(undefined) ?? 0;
      zones.delete(undefined);
      const spaces = spacesOf(pod, all, { zoneOf, use, pools });
      const found = { zones: zones as Map<Zone, number>, unknown, spaces };
      remembered.set(key, found);
      return found;
    },
    ageMs: () => nodes.ageMs(),
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
}

function spacesOf(
  pod: PodRequirements,
  nodes: readonly SchedulableNode[],
  options: { zoneOf: (node: string) => Zone | undefined; use: Pick<NodeRequests, 'of'>; pools: Map<string, string> },
): ReadonlyMap<Zone, Space> | undefined {
  const { zoneOf, use, pools } = options;
  const spaces = new Map<Zone, { names: string[]; free: Record<string, number> }>();
  for (const node of nodes) {
    const used = use.of(node.name);
    if (used === undefined) return undefined;
    if (!fitsNode(pod, node)) continue;
    for (const zone of [zoneOf(node.name), ANY_ZONE]) {
      if (zone === undefined) continue;
      const space = spaces.get(zone) ?? { names: [], free: {} };
      spaces.set(zone, space);
      space.names.push(node.name);
      for (const [name, amount] of Object.entries(node.allocatable))
        space.free[name] = (space.free[name] ?? 0) + Math.max(0, amount - (used[name] ?? 0));
    }
  }
  // Pods that can use the same nodes share them, whatever else they require.
  return new Map(
    [...spaces].map(([zone, { names, free }]) => {
      const nodes = names.join(' ');
      const pool = pools.get(nodes) ?? `nodes ${pools.size}`;
      pools.set(nodes, pool);
      return [zone, { pool, free }];
    }),
  );
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

// Flow: from nodes, namespaces and pods as the API server lists them to the zones of a plan of a pod with rules about other
// pods, against kube-scheduler's rules written once more in schedulable-peers.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeRequests } from '../../../extender/deferral/node-requests.ts';
import { podSpec, requirementsOf } from '../../../extender/deferral/pod-requirements.ts';
import { createZoneFinder } from '../../../extender/deferral/usable-zones.ts';
import { readNode } from '../../../extender/deferral/watch-nodes.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { createLogger } from '../../../shared/runtime/logger.ts';
import { anyPeers } from './any-peers.ts';
import { type PeerPod, type PeerWorld, whyNotAmong } from './schedulable-peers.ts';

/** Every node is a zone of its own, so that zones show each node. */
async function nodesOfPlan({ nodes, pods, namespaces }: PeerWorld, pod: PeerPod): Promise<ReadonlySet<string>> {
  const items = (path: string) =>
    path.startsWith('/api/v1/pods')
      ? pods
      : Object.entries(namespaces).map(([name, labels]) => ({ metadata: { name, labels } }));
  const use = createNodeRequests({
    client: { request: (_method, path) => Promise.resolve(structuredClone({ items: items(path) })) as Promise<never> },
    clock: systemClock,
    logger: createLogger('test', 'silent'),
  });
  await use.refresh();
  const read = nodes.map(({ metadata, spec }) =>
    readNode({ metadata, spec, status: { allocatable: { pods: '110' } } }),
  );
  const finder = createZoneFinder({
    ...{ use, zoneOf: (name) => name as Zone },
    nodes: new Map(read.map((node) => [node.name, node])),
  });
  const { namespace, labels } = pod.metadata;
  return new Set(finder.zonesFor(requirementsOf(podSpec.parse(pod.spec), labels), { namespace, labels }).zones.keys());
}

describe('the zones of a plan, for pods with rules about other pods', () => {
  it('are those of nodes that kube-scheduler could choose, in random clusters', async () => {
    const seen = new Map<string, number>();

    await fc.assert(
      fc.asyncProperty(anyPeers, async ({ world, pod }) => {
        const reasons = world.nodes.map((node) => whyNotAmong(world, pod, node));
        for (const reason of reasons) seen.set(reason ?? 'fits', (seen.get(reason ?? 'fits') ?? 0) + 1);

        const nodes = await nodesOfPlan(world, pod);

        const schedulable = world.nodes.filter((_node, index) => reasons[index] === undefined);
        expect(nodes).toEqual(new Set(schedulable.map(({ metadata }) => metadata.name)));
      }),
      { numRuns: 1_500 },
    );

    // Every rule has decided in some of the clusters, and some nodes were fit.
    const rules = ['fits', 'port', 'spread', 'repelled', 'anti-affinity', 'affinity'];
    expect(rules.filter((rule) => (seen.get(rule) ?? 0) < 10)).toEqual([]);
  });
});

import { type BoundGroup, isOwnGroup, type PodIdentity, type Repulsion } from './bound-pods.ts';
import type { DomainRule, PeerCluster } from './domain-rule.ts';
import { own } from './label-selector.ts';
import type { SchedulableNode } from './node-fit.ts';
import type { HostPort, PeerTerm } from './pod-peers.ts';
import type { PodRequirements } from './pod-requirements.ts';
import { spreadRules } from './spread-rules.ts';

/** Which nodes the pods that run leave to a pod. */
export interface PeerRules {
  readonly domains: readonly DomainRule[];
  /** Nodes whose ports are taken. */
  readonly nodes: ReadonlySet<string>;
}

/** Whether rules leave a node to the pod that they were made for. */
export function allowsNode({ domains, nodes }: PeerRules, node: SchedulableNode): boolean {
  if (nodes.has(node.name)) return false;
  return domains.every(({ key, required, allowed, denied }) => {
    const value = own(node.labels, key);
    if (value === undefined) return !required;
    return (allowed?.has(value) ?? true) && !denied?.has(value);
  });
}

/**
 * What the pods that run mean for a pod, as kube-scheduler's filters InterPodAffinity, PodTopologySpread and NodePorts see
 * it: its required affinity, its anti-affinity and theirs against it, hard spreading, and ports of the node.
 */
export function peerRulesOf(
  pod: PodRequirements,
  self: PodIdentity,
  repelling: readonly Repulsion[],
  cluster: PeerCluster,
): PeerRules {
  const { affinity = [], antiAffinity = [], hostPorts = [] } = pod.peers ?? {};
  const { pods } = cluster;
  const others = (term: PeerTerm) => pods.selectedBy(term, self.namespace).filter((group) => !isOwnGroup(group, self));
  const domains = [
    ...repelling.map(({ term, group }) => deniedBy(term, [group], cluster)),
    ...antiAffinity.map((term) => deniedBy(term, others(term), cluster)),
    ...affinityRules(affinity, self, cluster),
    ...spreadRules(pod, self, cluster),
  ];
  const taken = pods.withPorts.filter(
    (group) => !isOwnGroup(group, self) && group.hostPorts.some((port) => hostPorts.some((own) => collide(own, port))),
  );
  return {
    domains: domains.filter(({ required, denied }) => required || (denied?.size ?? 0) > 0),
    nodes: new Set(taken.flatMap(({ nodes }) => [...nodes.keys()])),
  };
}

/** A key that is equal for rules that leave the same nodes. */
export function keyOfRules({ domains, nodes }: PeerRules): string {
  const texts = domains.map(({ key, required, allowed, denied }) =>
    JSON.stringify([key, required, allowed && [...allowed].sort(), [...(denied ?? [])].sort()]),
  );
  return [...new Set(texts)].sort().join() + [...nodes].sort().join();
}

function deniedBy(term: PeerTerm, groups: readonly BoundGroup[], cluster: PeerCluster): DomainRule {
  return { key: term.topologyKey, required: false, denied: placesOf(term.topologyKey, groups, cluster) };
}

/**
 * Each term wants a place with a pod that all terms select. While there is none anywhere, a pod that its own terms select
 * may be the first, on any node that has the labels.
 */
function affinityRules(terms: readonly PeerTerm[], self: PodIdentity, cluster: PeerCluster): DomainRule[] {
  const [first, ...more] = terms;
  if (!first) return [];
  const { pods } = cluster;
  const selected = pods
    .selectedBy(first, self.namespace)
    .filter((group) => !isOwnGroup(group, self) && more.every((term) => pods.selects(term, self.namespace, group)));
  const places = terms.map(({ topologyKey: key }) => ({ key, allowed: placesOf(key, selected, cluster) }));
  const isFirst =
    places.every(({ allowed }) => allowed.size === 0) &&
    terms.every((term) => pods.selects(term, self.namespace, self));
  return places.map(({ key, allowed }) => ({ key, required: true, ...(!isFirst && { allowed }) }));
}

/** Values of a label on the nodes of groups of pods. */
function placesOf(key: string, groups: readonly BoundGroup[], { nodes }: PeerCluster): ReadonlySet<string> {
  const places = new Set<string>();
  for (const group of groups)
    for (const name of group.nodes.keys()) {
      const node = nodes.get(name);
      const value = node && own(node.labels, key);
      if (value !== undefined) places.add(value);
    }
  return places;
}

function collide(a: HostPort, b: HostPort): boolean {
  const isAny = a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
  return a.port === b.port && a.protocol === b.protocol && (isAny || a.ip === b.ip);
}

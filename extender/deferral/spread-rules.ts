import { isOwnGroup, type PodIdentity } from './bound-pods.ts';
import type { DomainRule, PeerCluster } from './domain-rule.ts';
import { matchesLabels, own } from './label-selector.ts';
import { isSelected, isTolerated, type SchedulableNode } from './node-fit.ts';
import type { SpreadConstraint } from './pod-peers.ts';
import type { PodRequirements } from './pod-requirements.ts';

/**
 * Places where one more pod would exceed the skew of a constraint. A place is a value of its label on nodes that have the
 * labels of all constraints and that the constraint counts; pods that end do not count.
 */
export function spreadRules(pod: PodRequirements, self: PodIdentity, cluster: PeerCluster): DomainRule[] {
  const constraints = pod.peers?.spread ?? [];
  return constraints.map((constraint) => {
    const { topologyKey: key, maxSkew, minDomains, selector } = constraint;
    const counts = countsOf(constraint, pod, self, cluster);
    const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
    const added = matchesLabels(selector, self.labels) ? 1 : 0;
    const denied = [...counts].flatMap(([place, count]) => (count + added - least > maxSkew ? place : []));
    return { key, required: true, denied: new Set(denied) };
  });
}

/** Pods that a constraint selects, by place; 0 where there are none. */
function countsOf(
  constraint: SpreadConstraint,
  pod: PodRequirements,
  self: PodIdentity,
  cluster: PeerCluster,
): Map<string, number> {
  const { selector } = constraint;
  const places = placesOf(constraint, pod, cluster);
  const counts = new Map<string, number>();
  for (const place of places.values()) counts.set(place, 0);
  // kube-scheduler counts nothing where a selector would select everything.
  if (selector?.length === 0) return counts;
  const term = { selector, namespaces: undefined, namespaceSelector: undefined };
  for (const group of cluster.pods.selectedBy(term, self.namespace)) {
    if (group.isTerminating || isOwnGroup(group, self)) continue;
    for (const [name, count] of group.nodes) {
      const place = places.get(name);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + count);
    }
  }
  return counts;
}

/** The nodes that a constraint counts, with the place of each. */
function placesOf(
  constraint: SpreadConstraint,
  pod: PodRequirements,
  { nodes, counted }: PeerCluster,
): ReadonlyMap<string, string> {
  const { topologyKey, honors } = constraint;
  const { spread = [], nodeTerms } = pod.peers ?? {};
  const keys = spread.map(({ topologyKey: each }) => each);
  const affinity = honors.affinity && [pod.nodeSelector, nodeTerms];
  const memory = JSON.stringify([topologyKey, keys, affinity, honors.taints && pod.tolerations]);
  const known = counted.get(memory);
  if (known) return known;
  const places = new Map<string, string>();
  for (const node of nodes.values()) {
    const place = own(node.labels, topologyKey);
    const hasAll = keys.every((key) => own(node.labels, key) !== undefined);
    if (place !== undefined && hasAll && isCounted(constraint, pod, node)) places.set(node.name, place);
  }
  counted.set(memory, places);
  return places;
}

function isCounted({ honors }: SpreadConstraint, pod: PodRequirements, node: SchedulableNode): boolean {
  const { nodeSelector, tolerations, peers } = pod;
  if (honors.affinity && !isSelected({ nodeSelector, selectors: peers?.nodeTerms ?? [] }, node)) return false;
  const repels = (taint: SchedulableNode['taints'][number]) =>
    taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, tolerations);
  return !honors.taints || !node.taints.some(repels);
}

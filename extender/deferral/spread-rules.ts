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
  { pods, nodes }: PeerCluster,
): Map<string, number> {
  const { topologyKey, selector } = constraint;
  const keys = pod.peers?.spread.map(({ topologyKey: each }) => each) ?? [];
  const placeOf = (node: SchedulableNode) =>
    keys.every((key) => own(node.labels, key) !== undefined) && isCounted(constraint, pod, node)
      ? own(node.labels, topologyKey)
      : undefined;
  const counts = new Map<string, number>();
  for (const node of nodes.values()) {
    const place = placeOf(node);
    if (place !== undefined) counts.set(place, 0);
  }
  // kube-scheduler counts nothing where a selector would select everything.
  if (selector?.length === 0) return counts;
  for (const group of pods.selectedBy(
    { selector, namespaces: undefined, namespaceSelector: undefined },
    self.namespace,
  )) {
    if (group.isTerminating || isOwnGroup(group, self)) continue;
    for (const [name, count] of group.nodes) {
      const node = nodes.get(name);
      const place = node && placeOf(node);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + count);
    }
  }
  return counts;
}

function isCounted({ honors }: SpreadConstraint, pod: PodRequirements, node: SchedulableNode): boolean {
  const { nodeSelector, tolerations, peers } = pod;
  if (honors.affinity && !isSelected({ nodeSelector, selectors: peers?.nodeTerms ?? [] }, node)) return false;
  const repels = (taint: SchedulableNode['taints'][number]) =>
    taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, tolerations);
  return !honors.taints || !node.taints.some(repels);
}

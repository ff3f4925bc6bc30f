import type { Zone } from '../../shared/grid/zones.ts';
import { compares, meetsExpression, own } from './label-selector.ts';
import type { NodeSelectorTerm } from './node-selector.ts';
import type { PodRequirements, Toleration } from './pod-requirements.ts';

/** What of a node decides which pods can run on it. */
export interface SchedulableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Cordoned. */
  readonly unschedulable: boolean;
  /** Allocatable amounts by resource, in base units. */
  readonly allocatable: Readonly<Record<string, number>>;
}

/** Sums of decimal fractions miss their total by less. */
const ROUNDING = 1e-9;
const CORDONED = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/**
 * Whether a pod could be scheduled on a node if that were empty: node selector, required affinity, zones of volumes,
 * taints, cordon and allocatable amounts, as kube-scheduler's filters NodeAffinity, VolumeBinding, TaintToleration,
 * NodeUnschedulable and NodeResourcesFit see them.
 */
export function fitsNode(pod: PodRequirements, node: SchedulableNode): boolean {
  if (!isSelected(pod, node)) return false;
  if (node.unschedulable && !isTolerated(CORDONED, pod.tolerations)) return false;
  for (const taint of node.taints)
    if (taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.tolerations)) return false;
  for (const [name, amount] of Object.entries(pod.requests))
    if (amount > (own(node.allocatable, name) ?? 0) * (1 + ROUNDING)) return false;
  return true;
}

/** Whether a node meets a pod's node selector and the terms of each of its lists. */
export function isSelected(
  { nodeSelector, selectors }: Pick<PodRequirements, 'nodeSelector' | 'selectors'>,
  node: SchedulableNode,
): boolean {
  for (const [key, value] of Object.entries(nodeSelector)) if (own(node.labels, key) !== value) return false;
  return selectors.every((terms) => terms.some((term) => matchesTerm(term, node)));
}

/** Number of nodes by zone; nodes without a zone are counted under undefined. */
export function countZones(
  nodes: Iterable<SchedulableNode>,
  zoneOf: (node: string) => Zone | undefined,
): ReadonlyMap<Zone | undefined, number> {
  const zones = new Map<Zone | undefined, number>();
  for (const { name } of nodes) {
    const zone = zoneOf(name);
    zones.set(zone, (zones.get(zone) ?? 0) + 1);
  }
  return zones;
}

/** An empty term matches no node. */
function matchesTerm({ matchExpressions, matchFields }: NodeSelectorTerm, { name, labels }: SchedulableNode): boolean {
  const expressions = matchExpressions ?? [];
  const fields = matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((expression) => meetsExpression(expression, own(labels, expression.key))) &&
    fields.every((field) => field.key === 'metadata.name' && meetsExpression(field, name))
  );
}

/** Whether one of the tolerations tolerates a taint. */
export function isTolerated(
  taint: { readonly key: string; readonly value?: string; readonly effect: string },
  tolerations: readonly Toleration[],
): boolean {
  return tolerations.some(({ key, operator, value, effect }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    if (operator === 'Exists') return true;
    // Without a key only `Exists` is valid.
    if (!key) return false;
    if (operator === 'Gt' || operator === 'Lt') return compares(taint.value, operator, value ?? undefined);
    return (value ?? '') === (taint.value ?? '');
  });
}

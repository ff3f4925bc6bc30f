import type { Zone } from '../../shared/grid/zones.ts';
import type { NodeSelectorTerm, PodRequirements, Toleration } from './pod-requirements.ts';

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
  for (const [key, value] of Object.entries(pod.nodeSelector)) if (own(node.labels, key) !== value) return false;
  for (const terms of pod.selectors) if (!terms.some((term) => matchesTerm(term, node))) return false;
  if (node.unschedulable && !isTolerated(CORDONED, pod.tolerations)) return false;
  for (const taint of node.taints)
    if (taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.tolerations)) return false;
  for (const [name, amount] of Object.entries(pod.requests))
    if (amount > (own(node.allocatable, name) ?? 0) * (1 + ROUNDING)) return false;
  return true;
}

/** Number of nodes that a pod can use, by zone; nodes without a zone are counted under undefined. */
export function usableZones(
  pod: PodRequirements,
  nodes: Iterable<SchedulableNode>,
  zoneOf: (node: string) => Zone | undefined,
): ReadonlyMap<Zone | undefined, number> {
  const zones = new Map<Zone | undefined, number>();
  for (const node of nodes) {
    if (!fitsNode(pod, node)) continue;
    const zone = zoneOf(node.name);
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
    expressions.every((expression) => matches(expression, own(labels, expression.key))) &&
    fields.every((field) => field.key === 'metadata.name' && matches(field, name))
  );
}

function matches(
  { operator, values }: NonNullable<NodeSelectorTerm['matchExpressions']>[number],
  value: string | undefined,
): boolean {
  const given = values ?? [];
  switch (operator) {
    case 'In':
      return value !== undefined && given.includes(value);
    case 'NotIn':
      return value === undefined || !given.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return compares(value, operator, given[0]);
    default:
      return false;
  }
}

/** Whether one whole number is greater or less than another; never where one of them is missing or is not whole. */
function compares(value: string | undefined, operator: 'Gt' | 'Lt', limit: string | undefined): boolean {
  const [found, than] = [value, limit].map((text) => (/^[+-]?\d+$/.test(text ?? '') ? BigInt(`${text}`) : undefined));
  if (found === undefined || than === undefined) return false;
  return operator === 'Gt' ? found > than : found < than;
}

/** Labels may be called like a property that every object has. */
function own<Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function isTolerated(
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

import { IDLE, SYSTEM } from '../../shared/records/power.ts';
import type { Increase } from './container-increases.ts';
import { type CounterBaselines, type CounterLimits, increaseSince } from './counter-increase.ts';
import type { Counter, Moment, NodeCounters } from './observation.ts';

/** What is remembered of a node's own counter between two observations. */
export interface NodeBalance {
  readonly baselines: CounterBaselines;
  /** Thousandths of joules that containers had more than the node's counter: the next remainders are smaller by them. */
  readonly owedThousandths: number;
}

/** One step of a node's balance: what to remember, and what belongs to no container. */
export interface BalanceStep {
  readonly balance: NodeBalance | undefined;
  /** Energy of processes outside containers; absent where the node's counter gave no increase. */
  readonly remainder: Increase | undefined;
  /** What the node's own counter rose by, in thousandths; absent where it gave no increase. */
  readonly activeThousandths?: number;
}

/**
 * What a node used while not idle, less what its containers used: processes outside containers. Containers, idle energy
 * and this remainder add up to the node's counters; where containers were ahead, the next remainders make up for it.
 */
export function balanceNode(
  previous: NodeBalance | undefined,
  node: NodeCounters & Moment,
  containersThousandths: number,
  limits: CounterLimits,
): BalanceStep {
  return balance(previous, node, { ...named(SYSTEM), total: node.active, kind: 'cpu' }, containersThousandths, limits);
}

/** The same for GPUs: what no container used there is idle energy. */
export function balanceGpus(
  previous: NodeBalance | undefined,
  node: NodeCounters & Moment,
  containersThousandths: number,
  limits: CounterLimits,
): BalanceStep {
  return balance(previous, node, { ...named(IDLE), total: node.gpus, kind: 'gpu' }, containersThousandths, limits);
}

function named(name: string) {
  return { namespace: name, pod: name, container: name, key: name };
}

function balance(
  previous: NodeBalance | undefined,
  node: NodeCounters & Moment,
  { total, ...rest }: Omit<Counter, 'total' | 'node' | 'resolved'> & { readonly total: number | undefined },
  containersThousandths: number,
  limits: CounterLimits,
): BalanceStep {
  if (total === undefined) return { balance: undefined, remainder: undefined };
  const counter = { ...rest, node: node.node, total, resolved: true };
  const nodeLimits = { ...limits, maxContainerRate: limits.maxNodeRate };
  const step = increaseSince(previous?.baselines, { ...node, counters: [counter] }, nodeLimits);
  const [increase] = step.increases;
  // After a gap or a change of basis nothing is owed: containers begin anew, too.
  if (increase === undefined)
    return { balance: { baselines: step.baselines, owedThousandths: 0 }, remainder: undefined };
  const activeThousandths = Math.round(increase.amount * 1000);
  const left = activeThousandths - containersThousandths - (previous?.owedThousandths ?? 0);
  const { container, start, end } = increase;
  return {
    balance: { baselines: step.baselines, owedThousandths: Math.max(0, -left) },
    activeThousandths,
    remainder: { container, start, end, amount: Math.max(0, left) / 1000 },
  };
}

import { SYSTEM } from '../../shared/records/power.ts';
import type { Increase } from './container-increases.ts';
import { type CounterBaselines, type CounterLimits, increaseSince } from './counter-increase.ts';
import type { Moment, NodeCounters } from './observation.ts';

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
  if (node.active === undefined) return { balance: undefined, remainder: undefined };
  const names = { namespace: SYSTEM, pod: SYSTEM, container: SYSTEM, node: node.node };
  const counter = { ...names, key: SYSTEM, total: node.active, kind: 'cpu', resolved: true } as const;
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

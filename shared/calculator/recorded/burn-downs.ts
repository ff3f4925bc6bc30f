import type { EpochMs } from '../../grid/units.ts';
import type { ZoneOfNode } from '../../grid/zone-of-node.ts';
import type { IntensityReader, PowerReader } from '../../records/power.ts';
import type { Budget, BudgetBook, WorkloadReader } from '../../records/workloads.ts';
import { type BurnDown, budgetPeriod, burnDown, type Spent, spentByService } from '../budget.ts';
import { spentByNamespace } from './namespace-spent.ts';

/** Where budgets and what was emitted are read from. */
export interface BudgetSources {
  readonly books: BudgetBook & WorkloadReader;
  readonly history: PowerReader & IntensityReader;
  /** The grid zone of a node; undefined when no rule names one, and its energy is then not priced. */
  readonly zoneOfNode: ZoneOfNode;
}

/** A budget with how far it is used. */
export interface BudgetStanding {
  readonly budget: Budget;
  readonly standing: BurnDown;
}

/** How far every budget is used at a time. */
export async function burnDowns(sources: BudgetSources, now: EpochMs): Promise<BudgetStanding[]> {
  const standings: BudgetStanding[] = [];
  for (const budget of await sources.books.budgets())
    standings.push({ budget, standing: burnDown(budget, await spentOf(budget, sources, now), now) });
  return standings;
}

async function spentOf({ kind, name, per }: Budget, sources: BudgetSources, now: EpochMs): Promise<Spent> {
  const period = budgetPeriod(per, now);
  const elapsed = { from: period.from, to: Math.max(now, period.from + 1) };
  if (kind === 'service')
    return spentByService(await sources.books.workloads({ service: name }, elapsed), period, elapsed.to);
  const zones = await sources.history.zones();
  const intensities = await sources.history.intensities(zones, elapsed);
  return spentByNamespace(
    sources.history.hourly({ namespace: name }, elapsed),
    period,
    sources.zoneOfNode,
    intensities,
  );
}

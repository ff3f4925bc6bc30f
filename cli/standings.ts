import { type BudgetStanding, burnDowns } from '../shared/calculator/burn-downs.ts';
import type { EpochMs } from '../shared/grid/units.ts';
import { toldElse } from '../shared/grid/zone-of-node.ts';
import type { Zone } from '../shared/grid/zones.ts';
import { zoneByName } from '../shared/runtime/zone-settings.ts';
import type { Store } from '../shared/store/store.ts';
import type { CliConfig } from './settings.ts';

/** How far every budget is used at a time, by the zones that nodes told, else by the configured ones. */
export async function budgetStandings(
  config: CliConfig,
  { workloads: books, nodeZones, history }: Store,
  now: EpochMs,
): Promise<BudgetStanding[]> {
  const budgets = await books.budgets();
  // Only namespaces have nodes.
  const told = budgets.some(({ kind }) => kind === 'namespace') ? await nodeZones.nodeZones() : new Map<string, Zone>();
  const zoneOfNode = toldElse((node) => told.get(node), zoneByName(config));
  return burnDowns({ books, history, zoneOfNode }, now);
}

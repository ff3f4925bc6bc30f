import { type BudgetStanding, burnDowns } from '../shared/calculator/recorded/burn-downs.ts';
import type { EpochMs } from '../shared/grid/units.ts';
import { reportedElse } from '../shared/grid/zone-of-node.ts';
import type { Zone } from '../shared/grid/zones.ts';
import { zoneByName } from '../shared/runtime/zone-settings.ts';
import type { Store } from '../shared/store/store.ts';
import type { CliConfig } from './settings.ts';

/** Burn-down of every budget at a time. Zones come from the nodes' records, or from the settings for nodes without one. */
export async function budgetUsages(
  config: CliConfig,
  { workloads: books, nodeZones, history }: Store,
  now: EpochMs,
): Promise<BudgetStanding[]> {
  const budgets = await books.budgets();
  // Only budgets of namespaces need nodes.
  const published = budgets.some(({ kind }) => kind === 'namespace')
    ? await nodeZones.nodeZones()
    : new Map<string, Zone>();
  const zoneOfNode = reportedElse((node) => published.get(node), zoneByName(config));
  return burnDowns({ books, history, zoneOfNode }, now);
}

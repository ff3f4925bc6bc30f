import { type BudgetStanding, burnDowns } from '../shared/calculator/recorded/burn-downs.ts';
import type { EpochMs } from '../shared/grid/units.ts';
import { toldElse } from '../shared/grid/zone-of-node.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { WorkloadStore } from '../shared/records/workloads.ts';
import { zoneByName } from '../shared/runtime/zone-settings.ts';
import { openNodeZones } from '../shared/store/open-node-zones.ts';
import type { CliConfig } from './settings.ts';
import { withHistory } from './stores.ts';

/** Burn-down of every budget at a time. Zones come from the nodes' records, or from the settings for nodes without one. */
export function budgetUsages(config: CliConfig, books: WorkloadStore, now: EpochMs): Promise<BudgetStanding[]> {
  return withHistory(config, async (history) => {
    await using nodes = await openNodeZones(config);
    const budgets = await books.budgets();
    // Only budgets of namespaces need nodes: without one, read access to the store is enough.
    const published = budgets.some(({ kind }) => kind === 'namespace')
      ? await nodes.nodeZones()
      : new Map<string, Zone>();
    const zoneOfNode = toldElse((node) => published.get(node), zoneByName(config));
    return burnDowns({ books, history, zoneOfNode }, now);
  });
}

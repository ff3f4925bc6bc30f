import { type BudgetStanding, burnDowns } from '../shared/calculator/recorded/burn-downs.ts';
import type { EpochMs } from '../shared/grid/units.ts';
import { toldElse } from '../shared/grid/zone-of-node.ts';
import type { Zone } from '../shared/grid/zones.ts';
import type { WorkloadStore } from '../shared/records/workloads.ts';
import { zoneByName } from '../shared/runtime/zone-settings.ts';
import { openNodeZones } from '../shared/store/open-node-zones.ts';
import type { CliConfig } from './settings.ts';
import { withHistory } from './stores.ts';

/** How far every budget is used at a time, by the zones that nodes told, else by the configured ones. */
export function budgetStandings(config: CliConfig, books: WorkloadStore, now: EpochMs): Promise<BudgetStanding[]> {
  return withHistory(config, async (history) => {
    await using nodes = await openNodeZones(config);
    const budgets = await books.budgets();
    // Only namespaces have nodes; a store that may only be read then needs no more than reading.
    const told = budgets.some(({ kind }) => kind === 'namespace') ? await nodes.nodeZones() : new Map<string, Zone>();
    const zoneOfNode = toldElse((node) => told.get(node), zoneByName(config));
    return burnDowns({ books, history, zoneOfNode }, now);
  });
}

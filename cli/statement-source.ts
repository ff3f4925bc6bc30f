import { reportedElse } from '../shared/grid/zone-of-node.ts';
import { facilityOf } from '../shared/power-model/facility.ts';
import { contractsOf } from '../shared/runtime/contracts-file.ts';
import { facilitySettingsOf } from '../shared/runtime/facility-settings.ts';
import { zoneByName } from '../shared/runtime/zone-settings.ts';
import type { StatementSource } from '../shared/statement/make.ts';
import { type Statement, statementSchema } from '../shared/statement/statement.ts';
import type { Store } from '../shared/store/store.ts';
import type { ApiClient } from './api-client.ts';
import type { CliConfig } from './settings.ts';

/** The statement of a running API for a month, up to a time if one is given. */
export function statementFromApi(
  api: ApiClient,
  { month, namespace, to }: { readonly month: string; readonly namespace?: string | undefined; readonly to?: string },
): Promise<Statement> {
  const query = new URLSearchParams({ month, ...(to && { to }), ...(namespace !== undefined && { namespace }) });
  return api.get(`/api/statement?${query}`, statementSchema);
}

/** Where rows of statements come from in a store. */
export async function statementSource(store: Store, config: CliConfig): Promise<StatementSource> {
  const published = await store.nodeZones.nodeZones();
  const zoneOfNode = reportedElse((node) => published.get(node), zoneByName(config));
  return {
    store: store.history,
    decisions: store.decisions,
    zoneOfNode,
    contracts: contractsOf(config.CONTRACTS_FILE),
    facility: facilityOf(await store.nodeMachines.nodeMachines(), facilitySettingsOf(config)),
  };
}

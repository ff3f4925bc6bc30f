import { ConfigError } from '../runtime/config.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { openSqliteWorkloads } from './sqlite/workloads.ts';
import type { WorkloadStore } from './workloads.ts';

/** The adapter behind each MODE. */
const ADAPTERS: Record<StoreConfig['MODE'], (config: StoreConfig) => Promise<WorkloadStore>> = {
  local: async ({ DATA_DIR }) => openSqliteWorkloads(DATA_DIR),
  db: async () => {
    throw new ConfigError('store', ['MODE: "db" is not supported by this version; use "local", the embedded store']);
  },
};

/** Opens the workloads and budgets of the store that the configuration names. */
export function openWorkloadStore(config: StoreConfig): Promise<WorkloadStore> {
  return ADAPTERS[config.MODE](config);
}

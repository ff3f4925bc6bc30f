import type { WorkloadStore } from '../records/workloads.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { dsnOf } from './open.ts';
import { openSqliteWorkloads } from './sqlite/workloads.ts';

/** Opens the workloads and budgets of the store that the configuration names. */
export async function openWorkloadStore(config: StoreConfig): Promise<WorkloadStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteWorkloads(config.DATA_DIR);
    case 'db': {
      const { openTimescaleWorkloads } = await import('./timescale/workloads.ts');
      return openTimescaleWorkloads(dsnOf(config));
    }
    default:
      return config.MODE satisfies never;
  }
}

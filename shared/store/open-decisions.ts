import type { DecisionStore } from '../records/placements.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { dsnOf } from './open.ts';
import { openSqliteDecisions } from './sqlite/decision-table.ts';
import { STORE_FILE } from './sqlite/store.ts';

/** Opens the store that the configuration names for decisions. */
export async function openDecisions(config: StoreConfig): Promise<DecisionStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteDecisions(config.DATA_DIR, STORE_FILE);
    case 'db': {
      const { openTimescaleDecisions } = await import('./timescale/decision-table.ts');
      return openTimescaleDecisions(dsnOf(config));
    }
    default:
      return config.MODE satisfies never;
  }
}

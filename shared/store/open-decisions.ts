import type { StoreConfig } from '../runtime/settings.ts';
import type { DecisionReader, DecisionWriter } from './decisions.ts';
import { openSqliteDecisions } from './sqlite/decision-table.ts';
import { STORE_FILE } from './sqlite/store.ts';

/** Opens the store that the configuration names for decisions; undefined where it cannot keep any. */
export async function openDecisions(config: StoreConfig): Promise<(DecisionWriter & DecisionReader) | undefined> {
  return config.MODE === 'local' ? openSqliteDecisions(config.DATA_DIR, STORE_FILE) : undefined;
}

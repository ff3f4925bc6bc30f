import type { StoreConfig } from '../runtime/settings.ts';
import type { DecisionReader, DecisionRetention, DecisionWriter } from './decisions.ts';
import { dsnOf } from './open.ts';
import { openSqliteDecisionRetention } from './sqlite/decision-retention.ts';
import { openSqliteDecisions } from './sqlite/decision-table.ts';
import { STORE_FILE } from './sqlite/store.ts';

/** Opens the store that the configuration names for decisions. */
export async function openDecisions(config: StoreConfig): Promise<DecisionWriter & DecisionReader> {
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

/** Opens the same store to forget old decisions. */
export async function openDecisionRetention(config: StoreConfig): Promise<DecisionRetention> {
  switch (config.MODE) {
    case 'local':
      return openSqliteDecisionRetention(config.DATA_DIR, STORE_FILE);
    case 'db': {
      const { openTimescaleDecisions } = await import('./timescale/decision-table.ts');
      return openTimescaleDecisions(dsnOf(config));
    }
    default:
      return config.MODE satisfies never;
  }
}

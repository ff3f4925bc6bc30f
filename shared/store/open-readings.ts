import { ConfigError } from '../runtime/config.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import type { ReadingsStore } from './readings-ports.ts';
import { openSqliteReadings } from './sqlite/readings-store.ts';

/** The adapter of readings and sites behind each MODE. */
const ADAPTERS = {
  local: async ({ DATA_DIR }: StoreConfig): Promise<ReadingsStore> => openSqliteReadings(DATA_DIR),
  db: async (): Promise<ReadingsStore> => {
    throw new ConfigError('store', ['MODE: "db" is not supported by this version; use "local", the embedded store']);
  },
} as const;

/** Opens meter readings and sites in the store that the configuration names. */
export function openReadingsStore(config: StoreConfig): Promise<ReadingsStore> {
  return ADAPTERS[config.MODE](config);
}

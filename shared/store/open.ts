import { ConfigError } from '../runtime/config.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import type { ReadableStore, WritableStore } from './ports.ts';
import { openSqliteReader, openSqliteWriter } from './sqlite/store.ts';

/** The adapter behind each MODE; `db` has none in this version. */
const ADAPTERS = {
  local: {
    write: async ({ DATA_DIR }: StoreConfig): Promise<WritableStore> => openSqliteWriter(DATA_DIR),
    read: async ({ DATA_DIR }: StoreConfig): Promise<ReadableStore> => openSqliteReader(DATA_DIR),
  },
  db: {
    write: unsupported,
    read: unsupported,
  },
} as const;

/** Opens the store that the configuration names, for recording. */
export function openWritableStore(config: StoreConfig): Promise<WritableStore> {
  return ADAPTERS[config.MODE].write(config);
}

/** Opens the store that the configuration names, for queries. */
export function openReadableStore(config: StoreConfig): Promise<ReadableStore> {
  return ADAPTERS[config.MODE].read(config);
}

async function unsupported(): Promise<never> {
  throw new ConfigError('store', ['MODE: "db" is not supported by this version; use "local", the embedded store']);
}

import { join } from 'node:path';
import type { PowerTotals, ReadableStore, WritableStore } from '../records/power.ts';
import type { Clock } from '../runtime/clock.ts';
import { ConfigError } from '../runtime/config.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import type { Backlog } from './spool/spool.ts';
import { openSqliteReader, openSqliteWriter } from './sqlite/store.ts';

/** What a store for recording is opened with. */
export type WriterConfig = StoreConfig & { readonly RETENTION_DAYS?: number; readonly SPOOL_MAX_MB?: number };

/** What keeping writes while the database is away needs. */
export interface SpoolSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told after each change what waits for the database. */
  readonly onBacklog: (backlog: Backlog) => void;
}

/** Size of the spool where the configuration has none, in MiB. */
const SPOOL_MAX_MB = 512;
const BYTES_PER_MB = 1_048_576;

/**
 * Opens the store that the configuration names, for recording. With `spool`, writes that cannot reach a database are
 * kept on disk and delivered later; without it they reject.
 */
export async function openWritableStore(config: WriterConfig, spool?: SpoolSurroundings): Promise<WritableStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteWriter(config.DATA_DIR);
    case 'db': {
      const { openTimescaleWriter } = await import('./timescale/store.ts');
      const store = openTimescaleWriter(dsnOf(config), config.RETENTION_DAYS, spool?.logger);
      return spool === undefined ? store : await behindSpool(store, config, spool);
    }
    default:
      return config.MODE satisfies never;
  }
}

/** Opens the store that the configuration names, for queries. */
export async function openReadableStore(config: StoreConfig): Promise<ReadableStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteReader(config.DATA_DIR);
    case 'db': {
      const { openTimescaleReader } = await import('./timescale/store.ts');
      const store = openTimescaleReader(dsnOf(config));
      return { ...store, totals: async () => withPending(await store.totals(), config.DATA_DIR) };
    }
    default:
      return config.MODE satisfies never;
  }
}

/** The connection string of MODE=db; throws a ConfigError when there is none. */
export function dsnOf({ TSDB_DSN, DATABASE_URL }: Pick<StoreConfig, 'TSDB_DSN' | 'DATABASE_URL'>): string {
  const dsn = TSDB_DSN ?? DATABASE_URL;
  if (dsn === undefined)
    throw new ConfigError('store', ['TSDB_DSN: is missing; MODE=db needs a PostgreSQL connection string']);
  return dsn;
}

/** Adds what pollers on the same volume keep for the database. */
async function withPending(totals: PowerTotals, dataDir: string): Promise<PowerTotals> {
  const { readBacklog } = await import('./spool/backlog-file.ts');
  return { ...totals, pendingBlocks: (await readBacklog(dataDir))?.blocks };
}

async function behindSpool(store: WritableStore, config: WriterConfig, spool: SpoolSurroundings) {
  const { spooledStore } = await import('./spool/spooled-store.ts');
  return spooledStore(store, {
    folder: join(config.DATA_DIR, 'spool'),
    maxBytes: (config.SPOOL_MAX_MB ?? SPOOL_MAX_MB) * BYTES_PER_MB,
    clock: spool.clock,
    logger: spool.logger,
    onChange: spool.onBacklog,
  });
}

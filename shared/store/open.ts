import { join } from 'node:path';
import type { PowerTotals } from '../records/power.ts';
import type { OnCertificate } from '../runtime/certificates.ts';
import type { Clock } from '../runtime/clock.ts';
import { ConfigError } from '../runtime/config.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { openSqliteStore } from './sqlite/store.ts';
import type { RecordingStore, Store } from './store.ts';

/** What a store for recording is opened with. */
export type RecordingConfig = StoreConfig & {
  readonly RECORDING_LEASE_NAME: string;
  readonly RETENTION_DAYS?: number;
  readonly SPOOL_MAX_MB?: number;
};

/** What recording needs beside its settings. */
export interface RecordingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether writes that cannot reach a database are kept on disk and delivered later; without it they reject. */
  readonly spool?: boolean;
  /** Called with the certificate of a database at each connection over TLS. */
  readonly onCertificate?: OnCertificate;
}

/** Size of the spool where the configuration has none, in MiB. */
const SPOOL_MAX_MB = 512;
const BYTES_PER_MB = 1_048_576;
const SPOOL_FOLDER = 'spool';

/**
 * Opens the store that the configuration names, for the API and the CLI; once per process. `onCertificate` is called with
 * the certificate of a database at each connection over TLS.
 */
export async function openStore(config: StoreConfig, onCertificate?: OnCertificate): Promise<Store> {
  switch (config.MODE) {
    case 'local':
      return openSqliteStore(config.DATA_DIR);
    case 'db': {
      const { openTimescaleStore } = await import('./timescale/store.ts');
      const store = openTimescaleStore({ dsn: dsnOf(config), onCertificate });
      const totals = async () => withPending(await store.history.totals(), config.DATA_DIR);
      return { ...store, history: { ...store.history, totals } };
    }
    default:
      return config.MODE satisfies never;
  }
}

/** Opens the store that the configuration names, for the poller; once per process. */
export async function openRecordingStore(config: RecordingConfig, options: RecordingOptions): Promise<RecordingStore> {
  switch (config.MODE) {
    case 'local':
      return openSqliteStore(config.DATA_DIR, options);
    case 'db': {
      const { openTimescaleStore } = await import('./timescale/store.ts');
      const { clock, logger, spool = false, onCertificate } = options;
      const recording = { retentionDays: config.RETENTION_DAYS, leaseName: config.RECORDING_LEASE_NAME, clock, logger };
      const store = openTimescaleStore({ dsn: dsnOf(config), recording, onCertificate });
      return spool ? await behindSpool(store, config, options) : store;
    }
    default:
      return config.MODE satisfies never;
  }
}

/** The connection string of MODE=db; throws a ConfigError when there is none. */
function dsnOf({ TSDB_DSN, DATABASE_URL }: Pick<StoreConfig, 'TSDB_DSN' | 'DATABASE_URL'>): string {
  const dsn = TSDB_DSN ?? DATABASE_URL;
  if (dsn === undefined)
    throw new ConfigError('store', ['TSDB_DSN: is missing; MODE=db needs a PostgreSQL connection string']);
  return dsn;
}

/** Adds what pollers on the same volume keep for the database. */
async function withPending(totals: PowerTotals, dataDir: string): Promise<PowerTotals> {
  const [{ readBacklog }, { SPOOL_FILE }] = await Promise.all([
    import('./spool/backlog.ts'),
    import('./spool/spool.ts'),
  ]);
  return { ...totals, pendingBlocks: readBacklog(join(dataDir, SPOOL_FOLDER, SPOOL_FILE))?.blocks };
}

async function behindSpool(
  store: RecordingStore,
  config: RecordingConfig,
  { clock, logger }: RecordingOptions,
): Promise<RecordingStore> {
  const { spooledHistory } = await import('./spool/spooled-history.ts');
  const history = await spooledHistory(store.history, {
    folder: join(config.DATA_DIR, SPOOL_FOLDER),
    maxBytes: (config.SPOOL_MAX_MB ?? SPOOL_MAX_MB) * BYTES_PER_MB,
    clock,
    logger,
  });
  return {
    ...store,
    history,
    backlog: () => history.backlog(),
    async [Symbol.asyncDispose]() {
      await history[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

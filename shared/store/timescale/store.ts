import type { ReadableStore, WritableStore } from '../../records/power.ts';
import type { Logger } from '../../runtime/logger.ts';
import { TimescaleDatabase } from './database.ts';
import { DatabaseError, describeDsn } from './database-error.ts';
import { timescaleIntensityReader, timescaleIntensityWriter } from './intensity-table.ts';
import { migrate } from './migrate.ts';
import { applyPolicies } from './policies.ts';
import { TimescalePowerReader } from './power-reader.ts';
import { TimescalePowerWriter } from './power-writer.ts';

/** Longest time that one write may take, in milliseconds: beyond it the data waits in the spool. */
const WRITE_MS = 30_000;
/** Longest time that one query may take, in milliseconds. */
const READ_MS = 60_000;

/** Opens the store in PostgreSQL for the poller. Asks for no connection yet: the database may be away. */
export function openTimescaleWriter(dsn: string, retentionDays?: number, logger?: Logger): WritableStore {
  const refused = (error: unknown) =>
    logger?.warn(
      { err: DatabaseError.from(describeDsn(dsn), error) },
      'the database refuses compression or retention policies',
    );
  const database = new TimescaleDatabase({
    dsn,
    connections: 4,
    timeoutMs: WRITE_MS,
    prepare: async (connection) => {
      await migrate(connection);
      await applyPolicies(connection, retentionDays, refused);
    },
  });
  const power = new TimescalePowerWriter(database);
  return {
    ...reading(database),
    ...timescaleIntensityWriter(database),
    append: (tick) => power.append(tick),
    recordLabels: (pods, now) => power.recordLabels(pods, now),
    compact: (now) => power.compact(now),
    forgetBefore: (time) => power.forgetBefore(time),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Opens the store in PostgreSQL for the API. Who comes first makes the schema: the poller may not have run yet. */
export function openTimescaleReader(dsn: string): ReadableStore {
  const database = new TimescaleDatabase({
    dsn,
    connections: 8,
    timeoutMs: READ_MS,
    prepare: async (connection) => {
      await migrate(connection);
    },
  });
  return { ...reading(database), [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

function reading(database: TimescaleDatabase) {
  const power = new TimescalePowerReader(database);
  return {
    ...timescaleIntensityReader(database),
    containers: (filter) => power.containers(filter),
    samples: (filter, range, after) => power.samples(filter, range, after),
    lastBlocks: (filter, blocks) => power.lastBlocks(filter, blocks),
    hourly: (filter, range) => power.hourly(filter, range),
    totals: () => power.totals(),
    podLabels: () => power.podLabels(),
  } satisfies Omit<ReadableStore, typeof Symbol.asyncDispose>;
}

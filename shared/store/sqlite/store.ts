import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IntensityReader, PowerReader, ReadableStore, WritableStore } from '../../records/power.ts';
import { openForReading, openForWriting, type SqliteDatabase } from './database.ts';
import { sqliteIntensityReader, sqliteIntensityWriter } from './intensity-table.ts';
import { SqlitePowerReader } from './power-reader.ts';
import { SqlitePowerWriter } from './power-writer.ts';

/** The store's file in its folder. */
export const STORE_FILE = 'history.sqlite';

/** Opens the embedded store for the poller, making folder and file where needed. */
export function openSqliteWriter(folder: string): WritableStore {
  mkdirSync(folder, { recursive: true });
  const database = openForWriting(join(folder, STORE_FILE));
  const power = new SqlitePowerWriter(database);
  const intensity = sqliteIntensityWriter(database);
  return {
    ...reading(() => database),
    append: (tick) => power.append(tick),
    compact: (now) => power.compact(now),
    forgetBefore: (time) => power.forgetBefore(time),
    recordLabels: (pods, now) => power.recordLabels(pods, now),
    record: (readings) => intensity.record(readings),
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
    },
  };
}

/** Opens the embedded store for the API. The poller may not have made it yet: it is empty until then. */
export function openSqliteReader(folder: string): ReadableStore {
  const path = join(folder, STORE_FILE);
  let database: SqliteDatabase | undefined;
  const source = () => {
    if (database === undefined && existsSync(path)) database = openForReading(path);
    return database;
  };
  return {
    ...reading(source),
    async [Symbol.asyncDispose]() {
      database?.[Symbol.dispose]();
    },
  };
}

function reading(source: () => SqliteDatabase | undefined): PowerReader & IntensityReader {
  const power = new SqlitePowerReader(source);
  return {
    ...sqliteIntensityReader(source),
    containers: (filter) => power.containers(filter),
    samples: (filter, range, after) => power.samples(filter, range, after),
    lastBlocks: (filter, blocks) => power.lastBlocks(filter, blocks),
    hourly: (filter, range) => power.hourly(filter, range),
    totals: () => power.totals(),
    podLabels: () => power.podLabels(),
  };
}

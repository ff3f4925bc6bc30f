import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MeterReadingsStore } from '../../records/meter-readings.ts';
import { openForWriting } from './database.ts';
import { sqliteReadingsReader } from './readings-reader.ts';
import { sqliteReadingsWriter } from './readings-writer.ts';
import { STORE_FILE } from './store.ts';

/** Opens meter readings and sites in the embedded store, making folder and file where needed. */
export function openSqliteReadings(folder: string): MeterReadingsStore {
  mkdirSync(folder, { recursive: true });
  const database = openForWriting(join(folder, STORE_FILE));
  return {
    ...sqliteReadingsReader(database),
    ...sqliteReadingsWriter(database),
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
    },
  };
}

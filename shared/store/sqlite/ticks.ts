import type { SQLInputValue } from 'node:sqlite';
import type { EpochMs } from '../../grid/units.ts';
import { type CheckedBlob, isIntact } from './checksum.ts';
import type { SqliteDatabase } from './database.ts';

/** A scrape of a target as it is stored. */
export interface StoredTick {
  readonly t: EpochMs;
  readonly target: number;
  readonly v: Uint8Array;
}

/** Ticks that a condition selects and that are as they were written, by time; finish it before it is used again. */
export function* ticksWhere(
  database: SqliteDatabase,
  condition: string,
  ...values: readonly SQLInputValue[]
): Generator<StoredTick> {
  const sql = `SELECT t, target, v, crc FROM tick WHERE ${condition}`;
  for (const tick of database.each<StoredTick & CheckedBlob>(sql, ...values))
    if (isIntact(database, tick, tick.t, tick.target)) yield tick;
}

import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolderSync } from '../../runtime/folders.ts';
import { isDamage, SqliteDatabase } from '../sqlite/database.ts';
import type { PackedEntry } from './entry.ts';

/** How long a connection waits for another process's write, in milliseconds. */
const BUSY_MS = 2_000;
/** The write-ahead log keeps this much when it is empty, in bytes: deleting must also work on a full disk. */
const LOG_BYTES = 1_048_576;

// AUTOINCREMENT: an id is never used again, so what was delivered is below what comes later.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY AUTOINCREMENT, crc INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS block (entry INTEGER NOT NULL, target TEXT NOT NULL, minute INTEGER NOT NULL, containers INTEGER NOT NULL,
  PRIMARY KEY (entry, target, minute)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS set_aside (id INTEGER PRIMARY KEY, reason TEXT NOT NULL, detail TEXT, crc INTEGER NOT NULL,
  payload BLOB NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;`;

/** Opens a spool's file, making it where needed. What is committed survives a power cut. Throws when it is damaged. */
export function openSpoolFile(path: string, maxBytes: number): SqliteDatabase {
  makeFolderSync(dirname(path));
  const connection = new DatabaseSync(path, { timeout: BUSY_MS });
  const log = Math.min(LOG_BYTES, Math.floor(maxBytes / 8));
  connection.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = ${log}; PRAGMA wal_autocheckpoint = ${Math.max(16, Math.floor(log / 4_096 / 2))}; ${SCHEMA}`);
  const database = new SqliteDatabase(connection);
  const [result] = database.all<{ quick_check: string }>('PRAGMA quick_check(1)');
  if (result?.quick_check === 'ok') return database;
  database[Symbol.dispose]();
  throw new DamagedSpoolError(result?.quick_check ?? 'the check returned nothing');
}

/** The file of a spool is damaged as a whole: more than single entries in it. */
export class DamagedSpoolError extends Error {
  override readonly name = 'DamagedSpoolError';
}

/** Whether an error means that the file itself is damaged. */
export function isSpoolDamage(error: unknown): boolean {
  return error instanceof DamagedSpoolError || isDamage(error);
}

/** Renames a damaged file and its log, so that a new one can begin; returns the new name. */
export function setSpoolFileAside(path: string, now: Date): string {
  const aside = `${path}.damaged-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  // The file last: a kill in between must not leave its log beside a new file, which would take it for its own.
  for (const suffix of ['-journal', '-shm', '-wal', ''])
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  return aside;
}

/** What can still be read of a damaged file, oldest first; `unreadable` counts the entries that cannot. */
export function salvage(path: string): { entries: PackedEntry[]; unreadable: number } {
  const entries: PackedEntry[] = [];
  let unreadable = 0;
  try {
    const connection = new DatabaseSync(path, { timeout: BUSY_MS });
    using database = new SqliteDatabase(connection);
    const last = database.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'entry'")?.seq ?? 0;
    const first = attempt(() => database.get<{ id: number }>('SELECT min(id) AS id FROM entry')?.id) ?? 1;
    for (let id = first; id <= last; id += 1)
      try {
        const row = database.get<PackedEntry>('SELECT crc, payload FROM entry WHERE id = ?', id);
        if (row !== undefined) entries.push(row);
      } catch {
        unreadable += 1;
      }
  } catch {
    // Not even its list of tables can be read: everything in it stays in the file that was set aside.
    unreadable += 1;
  }
  return { entries, unreadable };
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

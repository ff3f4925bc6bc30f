import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SqliteDatabase } from '../sqlite/database.ts';
import { blocksOf, type PackedEntry, type SpoolEntry } from './entry.ts';

/** Why an entry is set aside: its bytes changed, the database refuses it, or another version of the program wrote it. */
export const SET_ASIDE_REASONS = ['damaged', 'refused', 'other-version'] as const;

/** One of {@link SET_ASIDE_REASONS}, as metrics and logs name it. */
export type SetAsideReason = (typeof SET_ASIDE_REASONS)[number];

/** What waits for the database, and what will not be delivered. */
export interface Backlog {
  readonly entries: number;
  /** Containers' minutes that wait. */
  readonly blocks: number;
  /** Size of what waits, in bytes. */
  readonly bytes: number;
  /** Entries dropped since the spool was made, oldest first, because its bound was reached. */
  readonly dropped: number;
  /** Entries set aside since the spool was made, by reason. */
  readonly setAside: Readonly<Record<SetAsideReason, number>>;
}

interface Addition {
  readonly entry: SpoolEntry;
  readonly packed: PackedEntry;
}

/** Share of the entries that is dropped at a time. */
const DROPPED_SHARE = 1 / 16;

/** Adds entries, within a transaction. */
export function addEntries(database: SqliteDatabase, additions: readonly Addition[]): void {
  for (const { entry, packed } of additions) {
    database.run('INSERT INTO entry (crc, payload) VALUES (?, ?)', packed.crc, packed.payload);
    const id = database.get<{ id: number }>('SELECT last_insert_rowid() AS id')?.id ?? 0;
    for (const { target, minute, containers } of blocksOf(entry))
      database.run('INSERT INTO block VALUES (?, ?, ?, ?)', id, target, minute, containers);
  }
}

/** Drops the oldest entries until some more fit, within a transaction; returns how many. */
export function makeRoom(
  database: SqliteDatabase,
  additions: readonly { readonly packed: PackedEntry }[],
  maxBytes: number,
): number {
  // Beside the pages in use there are the write-ahead log and what one transaction adds to it.
  const limit = (maxBytes * 3) / 4;
  const added = additions.reduce((sum, { packed }) => sum + packed.payload.length, 0);
  let dropped = 0;
  while (usedBytes(database) + added > limit) {
    const { n = 0 } = database.get<{ n: number }>('SELECT count(*) AS n FROM entry') ?? {};
    if (n === 0) break;
    const some = Math.max(1, Math.floor(n * DROPPED_SHARE));
    dropped += database.run('DELETE FROM entry WHERE id IN (SELECT id FROM entry ORDER BY id LIMIT ?)', some);
    database.run('DELETE FROM block WHERE entry < (SELECT coalesce(min(id), 9e18) FROM entry)');
  }
  if (dropped > 0) bump(database, 'dropped', dropped);
  return dropped;
}

/** Adds to a counter that lasts, within a transaction. */
export function bump(database: SqliteDatabase, name: string, by: number): void {
  if (by > 0)
    database.run(
      'INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value',
      name,
      by,
    );
}

/** What waits beyond an entry that is delivered already. */
export function backlogOf(database: SqliteDatabase, delivered: number): Backlog {
  const counters = new Map(
    database
      .all<{ name: string; value: number }>('SELECT name, value FROM counter')
      .map((row) => [row.name, row.value]),
  );
  const count = (name: string) => counters.get(name) ?? 0;
  const entries = database.get<{ n: number }>('SELECT count(*) AS n FROM entry WHERE id > ?', delivered)?.n ?? 0;
  // A container of a minute counts once, however many scrapes of it wait.
  const blocks = database.get<{ n: number }>(
    `SELECT coalesce(sum(n), 0) AS n FROM (
       SELECT max(containers) AS n FROM block WHERE entry > ? GROUP BY target, minute)`,
    delivered,
  );
  return {
    entries,
    blocks: blocks?.n ?? 0,
    bytes: entries === 0 ? 0 : usedBytes(database),
    dropped: count('dropped'),
    setAside: { damaged: count('damaged'), refused: count('refused'), 'other-version': count('other-version') },
  };
}

/** What waits in a spool's file that other processes write; undefined where there is none, or it cannot be read. */
export function readBacklog(path: string): Backlog | undefined {
  if (!existsSync(path)) return undefined;
  try {
    using database = new SqliteDatabase(new DatabaseSync(path, { readOnly: true, timeout: 1_000 }));
    return backlogOf(database, 0);
  } catch {
    return undefined;
  }
}

function usedBytes(database: SqliteDatabase): number {
  const pragma = (name: string) => Object.values(database.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0] ?? 0;
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
}

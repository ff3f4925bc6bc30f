import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { SqliteDatabase } from './database.ts';

/** The hour that a tick belongs to. Written into the SQL, because a bound number would make it a division of reals. */
export const TICK_HOUR = `(t - 1) / ${HOUR_MS} * ${HOUR_MS}`;

/** Chunks deleted in one transaction: some 2 ms, and little enough for the log that a full disk has kept. */
const CHUNKS = 1_000;
/** Pages given back to the file system at a time. */
const PAGES = 256;

const HOURS = `SELECT hour FROM hour UNION SELECT hour FROM energy UNION SELECT hour FROM intensity UNION
  SELECT DISTINCT hour FROM timeline UNION SELECT ${TICK_HOUR} AS hour FROM tick`;

/**
 * Removes hours before a time, oldest first, in transactions so small that they work on a full disk and hold up the
 * process for milliseconds, and gives their pages back. Returns how many hours of power were removed.
 */
export async function removeHoursBefore(database: SqliteDatabase, cutoff: EpochMs): Promise<number> {
  let removed = 0;
  const hours = database.all<{ hour: EpochMs }>(`SELECT hour FROM (${HOURS}) WHERE hour < ? ORDER BY hour`, cutoff);
  for (const { hour } of hours) if (await removeHour(database, hour)) removed += 1;
  await returnPages(database);
  return removed;
}

/** Removes the oldest hours until what is in use is below a size; returns the start of the oldest hour that is left, if any was removed. */
export async function removeHoursBeyond(
  database: SqliteDatabase,
  maxBytes: number,
): Promise<{ hours: number; before: EpochMs } | undefined> {
  let hours = 0;
  let before: EpochMs | undefined;
  while (usedBytes(database) > maxBytes) {
    const oldest =
      database.get<{ hour: EpochMs | null }>(`SELECT min(hour) AS hour FROM (${HOURS})`)?.hour ?? undefined;
    if (oldest === undefined) break;
    if (await removeHour(database, oldest)) hours += 1;
    before = oldest + HOUR_MS;
  }
  await returnPages(database);
  return before === undefined ? undefined : { hours, before };
}

/** Bytes of the file that hold something. */
function usedBytes(database: SqliteDatabase): number {
  const pragma = (name: string) => Object.values(database.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0] ?? 0;
  return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
}

/** Chunks first: should this be cut off, the hour is still listed and the next call goes on. True when it held power. */
async function removeHour(database: SqliteDatabase, hour: EpochMs): Promise<boolean> {
  let power = false;
  for (let some = CHUNKS; some === CHUNKS; ) {
    some = await database.writeSoon(() =>
      database.run(
        `DELETE FROM chunk WHERE (hour, series, target) IN (
           SELECT hour, series, target FROM chunk WHERE hour = ? LIMIT ${CHUNKS})`,
        hour,
      ),
    );
    await nextTurn();
  }
  await database.writeSoon(() => {
    for (const table of ['timeline', 'energy', 'hour'])
      power = database.run(`DELETE FROM ${table} WHERE hour = ?`, hour) > 0 || power;
    power = database.run('DELETE FROM tick WHERE t > ? AND t <= ?', hour, hour + HOUR_MS) > 0 || power;
    database.run('DELETE FROM intensity WHERE hour = ?', hour);
  });
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  await nextTurn();
  return power;
}

/** Has an effect on files that were made with incremental vacuuming, as all new ones are. */
async function returnPages(database: SqliteDatabase): Promise<void> {
  const free = () => database.get<{ freelist_count: number }>('PRAGMA freelist_count')?.freelist_count ?? 0;
  for (let before = Number.POSITIVE_INFINITY, now = free(); now > 0 && now < before; ) {
    database.exec(`PRAGMA incremental_vacuum(${PAGES})`);
    await nextTurn();
    before = now;
    now = free();
  }
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
}

import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { SqliteDatabase } from '../sqlite/database.ts';
import { addEntries, type Backlog, backlogOf, bump, makeRoom, type SetAsideReason } from './backlog.ts';
import { type PackedEntry, packEntry, type SpoolEntry, unpackEntry } from './entry.ts';
import { isSpoolDamage, openSpoolFile, salvage, setSpoolFileAside } from './spool-file.ts';

/** The spool's file in its folder. */
export const SPOOL_FILE = 'spool.sqlite';

/** How a spool is opened. */
export interface SpoolOptions {
  /** Folder of the file; processes that share it deliver each other's entries. */
  readonly folder: string;
  /** Size of the file at most, in bytes; beyond it the oldest entries are dropped. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Called with the number of entries dropped, each time. */
  readonly onDropped?: (count: number) => void;
  /** Called for each entry or file that is set aside, with its reason. */
  readonly onSetAside?: (reason: SetAsideReason, detail: string) => void;
}

/** An entry that waits, with its number; numbers grow with time. */
export interface SpooledEntry {
  readonly id: number;
  readonly entry: SpoolEntry;
}

interface Push {
  readonly entry: SpoolEntry;
  readonly packed: PackedEntry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes that wait on disk for the database, in order. What a crash cuts off is delivered again. */
export class Spool implements Disposable {
  readonly #options: SpoolOptions;
  readonly #path: string;
  #database: SqliteDatabase;
  readonly #pushes: Push[] = [];
  /** Entries up to this number are delivered, though they may still be in the file. */
  #delivered = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#path = join(options.folder, SPOOL_FILE);
    this.#database = this.#opened();
    this.#reconsider();
  }

  /** Keeps an entry; it survives a crash when this resolves. Entries kept at the same time share one write to disk. */
  push(entry: SpoolEntry): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#pushes.push({ entry, packed: packEntry(entry), resolve, reject });
      if (this.#pushes.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** True when nothing waits. */
  get empty(): boolean {
    if (this.#pushes.length > 0) return false;
    const sql = 'SELECT 1 FROM entry WHERE id > ? LIMIT 1';
    return this.#guarded(() => this.#database.get(sql, this.#delivered)) === undefined;
  }

  /** The oldest entries that wait, at most `count`. Damaged ones, and those of another version, are set aside. */
  next(count: number): SpooledEntry[] {
    for (;;) {
      const sql = 'SELECT id, crc, payload FROM entry WHERE id > ? ORDER BY id LIMIT ?';
      const rows = this.#guarded(() => this.#database.all<PackedEntry & { id: number }>(sql, this.#delivered, count));
      const found: SpooledEntry[] = [];
      for (const { id, ...packed } of rows) {
        const unpacked = unpackEntry(packed);
        if (unpacked.state === 'intact') found.push({ id, entry: unpacked.entry });
        else this.setAside(id, unpacked.state);
      }
      if (found.length > 0 || rows.length === 0) return found;
    }
  }

  /** Removes entries up to a number: they are delivered, also where a full disk does not let them be deleted now. */
  remove(upTo: number): void {
    this.#delivered = Math.max(this.#delivered, upTo);
    this.#guarded(() =>
      this.#database.write(() => {
        this.#database.run('DELETE FROM entry WHERE id <= ?', this.#delivered);
        this.#database.run('DELETE FROM block WHERE entry <= ?', this.#delivered);
      }),
    );
    if (this.empty) this.#database.exec('PRAGMA incremental_vacuum');
  }

  /** Keeps an entry out of the way of the others, with the reason; it stays in the file. */
  setAside(id: number, reason: SetAsideReason, detail = ''): void {
    this.#guarded(() =>
      this.#database.write(() => {
        this.#database.run(
          'INSERT OR REPLACE INTO set_aside SELECT id, ?, ?, crc, payload, ? FROM entry WHERE id = ?',
          reason,
          detail,
          new Date(this.#options.clock.now()).toISOString(),
          id,
        );
        this.#database.run('DELETE FROM entry WHERE id = ?', id);
        this.#database.run('DELETE FROM block WHERE entry = ?', id);
        bump(this.#database, reason, 1);
      }),
    );
    this.#options.onSetAside?.(reason, detail);
  }

  /** What waits, and what was dropped or set aside since the spool was made. */
  backlog(): Backlog {
    return this.#guarded(() => backlogOf(this.#database, this.#delivered));
  }

  [Symbol.dispose](): void {
    this.#flush();
    this.#database[Symbol.dispose]();
  }

  #flush(): void {
    const pushes = this.#pushes.splice(0);
    if (pushes.length === 0) return;
    try {
      let dropped = 0;
      this.#guarded(() =>
        this.#database.write(() => {
          dropped = makeRoom(this.#database, pushes, this.#options.maxBytes);
          addEntries(this.#database, pushes);
        }),
      );
      if (dropped > 0) this.#options.onDropped?.(dropped);
      for (const { resolve } of pushes) resolve();
    } catch (error) {
      for (const { reject } of pushes) reject(error);
    }
  }

  /** Runs work on the file; where that finds the file damaged, it is set aside, and the work is run on a new one. */
  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!isSpoolDamage(error)) throw error;
      this.#database[Symbol.dispose]();
      this.#database = this.#replaced(error);
      return work();
    }
  }

  #opened(): SqliteDatabase {
    try {
      return openSpoolFile(this.#path, this.#options.maxBytes);
    } catch (error) {
      if (!isSpoolDamage(error)) throw error;
      return this.#replaced(error);
    }
  }

  /** A new file with what can be read of the damaged one. */
  #replaced(error: unknown): SqliteDatabase {
    const { clock, maxBytes, onSetAside } = this.#options;
    const aside = setSpoolFileAside(this.#path, new Date(clock.now()));
    const { entries, unreadable } = salvage(aside);
    const database = openSpoolFile(this.#path, maxBytes);
    const intact = entries.flatMap((packed) => {
      const unpacked = unpackEntry(packed);
      return unpacked.state === 'intact' ? [{ packed, entry: unpacked.entry }] : [];
    });
    database.write(() => {
      addEntries(database, intact);
      bump(database, 'damaged', entries.length - intact.length + unreadable);
    });
    this.#delivered = 0;
    onSetAside?.('damaged', `${aside}: ${error instanceof Error ? error.message : String(error)}`);
    return database;
  }

  /** Entries that another version wrote wait again where this one understands them. */
  #reconsider(): void {
    const rows = this.#database.all<PackedEntry & { id: number }>(
      "SELECT id, crc, payload FROM set_aside WHERE reason = 'other-version'",
    );
    const known = rows.flatMap(({ id, ...packed }) => {
      const unpacked = unpackEntry(packed);
      return unpacked.state === 'intact' ? [{ id, packed, entry: unpacked.entry }] : [];
    });
    if (known.length === 0) return;
    this.#database.write(() => {
      addEntries(this.#database, known);
      for (const { id } of known) this.#database.run('DELETE FROM set_aside WHERE id = ?', id);
    });
  }
}

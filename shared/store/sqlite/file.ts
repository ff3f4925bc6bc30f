import { accessSync, constants, existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sharedError } from '../../errors/shared-errors.ts';
import { isoTime } from '../../grid/units.ts';
import type { Clock } from '../../runtime/clock.ts';
import { makeFolderSync } from '../../runtime/folders.ts';
import { checkBeside } from './check-beside.ts';
import { isDamage, isUnwritable, openForReading, openForWriting, type SqliteDatabase } from './database.ts';

/** The store's file in its folder. */
export const STORE_FILE = 'history.sqlite';
/** Largest file that is checked before its first use, which takes less than a second; larger ones are in use meanwhile. */
const CHECKED_FIRST_BYTES = 134_217_728;
/** How long after a write that failed, and that no other followed, the file is tried, in milliseconds. */
const TRY_AGAIN_MS = 60_000;
const ASIDE = /^history\.sqlite\.damaged-[0-9TZ-]+$/;

/** What the file of an embedded store is like. */
export interface SqliteFileState {
  /** `ok`; `missing` until it is first written; `unavailable` while it cannot be read, or what is to be written cannot be. */
  readonly status: 'ok' | 'missing' | 'unavailable';
  /** Why it is unavailable. */
  readonly detail?: string;
  /** Names of damaged files that were set aside, oldest first. */
  readonly setAside: readonly string[];
  /** Rows that were left out because their checksum did not match, as often as they were read. */
  readonly damagedRows: number;
}

/** How a {@link SqliteFile} is opened. */
export interface SqliteFileOptions {
  /** Given to the process that may set a damaged file aside and begin a new one, for its name; one process of a folder may. */
  readonly clock?: Clock;
  /** Called when a damaged file was set aside, with its new name. */
  readonly onSetAside?: (name: string, reason: string) => void;
  /** Size up to which a file is checked before its first use, in bytes; default: 128 MiB. */
  readonly checkedFirstBytes?: number;
}

/** The embedded store's file within one process: at most one connection that only reads and one that writes. */
export class SqliteFile implements Disposable {
  readonly #folder: string;
  readonly #options: SqliteFileOptions;
  #reading: SqliteDatabase | undefined;
  #writing: SqliteDatabase | undefined;
  /** The file that the connections are of: another process may have replaced it. */
  #inode: number | undefined;
  #check: Disposable | undefined;
  /** Why the last attempt to open it for reading failed, and the last to write it; undefined once one succeeds. */
  #detail: string | undefined;
  #unwritable: { readonly reason: string; readonly at: number } | undefined;
  #damagedRows = 0;

  constructor(folder: string, options: SqliteFileOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  /** A connection for queries; undefined while there is no file yet. A file of an older version is brought up to date. */
  reader(): SqliteDatabase | undefined {
    this.#leaveReplaced();
    if (this.#reading !== undefined || this.#writing !== undefined) return this.#reading ?? this.#writing;
    if (!existsSync(this.#path)) return undefined;
    return this.#opened(() => {
      const opened = openForReading(this.#path);
      if (opened === 'empty') return undefined;
      if (opened === 'older') return this.#migrated();
      this.#reading = this.#watched(opened);
      return opened;
    });
  }

  /** A connection for changes; makes folder and file where needed. */
  writer(): SqliteDatabase {
    this.#leaveReplaced();
    return this.#opened(() => {
      if (this.#writing !== undefined) return this.#writing;
      try {
        makeFolderSync(this.#folder);
        this.#writing = this.#watched(openForWriting(this.#path));
      } catch (error) {
        if (!isDamage(error)) this.#notWritten(error);
        throw error;
      }
      return this.#writing;
    });
  }

  /** Checks the structure of the file, a large one beside its use; a damaged one is set aside where this process may. */
  check(): void {
    const { checkedFirstBytes = CHECKED_FIRST_BYTES } = this.#options;
    const { size = 0, ino } = statSync(this.#path, { throwIfNoEntry: false }) ?? {};
    if (size > checkedFirstBytes) {
      this.#check = checkBeside(this.#path, (problem) => {
        if (statSync(this.#path, { throwIfNoEntry: false })?.ino === ino) this.#damaged(problem);
      });
      return;
    }
    const database = this.reader();
    const [result] = database?.all<{ quick_check: string }>('PRAGMA quick_check(1)') ?? [];
    if (result !== undefined && result.quick_check !== 'ok') this.#damaged(result.quick_check);
  }

  state(): SqliteFileState {
    if (this.#unwritable !== undefined && performance.now() - this.#unwritable.at > TRY_AGAIN_MS) this.#tryToWrite();
    const detail = this.#detail ?? this.#unwritable?.reason;
    const rows = (this.#reading?.damagedRows ?? 0) + (this.#writing?.damagedRows ?? 0);
    return {
      status: detail !== undefined ? 'unavailable' : existsSync(this.#path) ? 'ok' : 'missing',
      ...(detail !== undefined && { detail }),
      setAside: filesSetAside(this.#folder),
      damagedRows: this.#damagedRows + rows,
    };
  }

  [Symbol.dispose](): void {
    this.#check?.[Symbol.dispose]();
    for (const connection of [this.#reading, this.#writing]) {
      this.#damagedRows += connection?.damagedRows ?? 0;
      connection?.[Symbol.dispose]();
    }
    this.#reading = undefined;
    this.#writing = undefined;
    this.#inode = undefined;
  }

  get #path(): string {
    return join(this.#folder, STORE_FILE);
  }

  /** That an older file holds nothing would be a wrong answer: it is migrated, or named as not migrated yet. */
  #migrated(): SqliteDatabase {
    try {
      accessSync(this.#path, constants.W_OK);
      return this.writer();
    } catch (cause) {
      if (isDamage(cause)) throw cause;
      throw sharedError('STORE_NOT_MIGRATED', { folder: this.#folder }, { cause });
    }
  }

  #opened<Result>(open: () => Result): Result {
    try {
      const result = open();
      this.#detail = undefined;
      return result;
    } catch (error) {
      this.#detail = error instanceof Error ? error.message : String(error);
      if (!isDamage(error) || !this.#damaged(this.#detail)) throw error;
      const result = open();
      this.#detail = undefined;
      return result;
    }
  }

  #watched(database: SqliteDatabase): SqliteDatabase {
    this.#inode = statSync(this.#path).ino;
    database.onError = (error) => {
      if (isDamage(error)) this.#damaged((error as Error).message);
      else if (isUnwritable(error)) this.#notWritten(error);
    };
    database.onWritten = () => {
      this.#unwritable = undefined;
    };
    return database;
  }

  #notWritten(error: unknown): void {
    this.#unwritable = { reason: error instanceof Error ? error.message : String(error), at: performance.now() };
  }

  /** Changes nothing, but has to be written: in a process that rarely writes, the next change may be hours away. */
  #tryToWrite(): void {
    try {
      const database = this.writer();
      database.write(() => database.run('UPDATE schema_migrations SET name = name'));
    } catch {
      // It is reported as it was, or with the new reason.
    }
  }

  /** Sets a damaged file aside; false where this process may not. The next use begins a new one. */
  #damaged(reason: string): boolean {
    const { clock, onSetAside } = this.#options;
    if (clock === undefined) {
      this.#detail = reason;
      return false;
    }
    this[Symbol.dispose]();
    const name = `${STORE_FILE}.damaged-${isoTime(clock.now()).replaceAll(/[:.]/g, '-')}`;
    // The file last: a kill in between must not leave its log beside a new file, which would take it for its own.
    for (const suffix of ['-journal', '-shm', '-wal', ''])
      if (existsSync(this.#path + suffix)) renameSync(this.#path + suffix, join(this.#folder, name + suffix));
    onSetAside?.(name, reason);
    return true;
  }

  #leaveReplaced(): void {
    if (this.#inode === undefined) return;
    const now = statSync(this.#path, { throwIfNoEntry: false })?.ino;
    if (now !== this.#inode) this[Symbol.dispose]();
  }
}

function filesSetAside(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => ASIDE.test(name))
      .sort();
  } catch {
    // The folder is not there yet, or is a file.
    return [];
  }
}

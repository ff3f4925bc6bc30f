import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openForReading, openForWriting, type SqliteDatabase } from './database.ts';

/** The store's file in its folder. */
export const STORE_FILE = 'history.sqlite';

/** The embedded store's file within one process: at most one connection that only reads and one that writes. */
export class SqliteFile implements Disposable {
  readonly #folder: string;
  #reading: SqliteDatabase | undefined;
  #writing: SqliteDatabase | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A connection for queries; undefined while there is no file yet. A file of an older version is brought up to date. */
  reader(): SqliteDatabase | undefined {
    if (this.#reading !== undefined || this.#writing !== undefined) return this.#reading ?? this.#writing;
    const path = join(this.#folder, STORE_FILE);
    if (!existsSync(path)) return undefined;
    const opened = openForReading(path);
    if (opened === 'empty') return undefined;
    // That an older file holds nothing would be a wrong answer.
    if (opened === 'older') return this.writer();
    this.#reading = opened;
    return opened;
  }

  /** A connection for changes; makes folder and file where needed. */
  writer(): SqliteDatabase {
    if (this.#writing === undefined) {
      mkdirSync(this.#folder, { recursive: true });
      this.#writing = openForWriting(join(this.#folder, STORE_FILE));
    }
    return this.#writing;
  }

  [Symbol.dispose](): void {
    this.#reading?.[Symbol.dispose]();
    this.#writing?.[Symbol.dispose]();
    this.#reading = undefined;
    this.#writing = undefined;
  }
}

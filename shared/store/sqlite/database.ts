import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** How long a connection blocks for another process's write, in milliseconds; {@link SqliteDatabase.writeSoon} goes on waiting without blocking. */
const BUSY_MS = 50;
/** How long opening a file may block, where it has to be made or migrated. */
const OPEN_MS = 5_000;
/** How long a write waits in all, in milliseconds. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 50;

/** One connection to a SQLite file in WAL mode, with its prepared statements. */
export class SqliteDatabase implements Disposable {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Rows whose checksum did not match, as often as they were read. */
  damagedRows = 0;
  /** Called with each error of SQLite before it is thrown. */
  onError: (error: unknown) => void = () => undefined;
  /** Called when a change was committed. */
  onWritten: () => void = () => undefined;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  /** Runs a statement that changes rows; returns how many. */
  run(sql: string, ...values: SQLInputValue[]): number {
    try {
      return Number(this.#prepared(sql).run(...values).changes);
    } catch (error) {
      throw this.#reported(error);
    }
  }

  /** All rows of a query. The caller names the row's type, which the schema guarantees. */
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      return this.#prepared(sql).all(...values) as Row[];
    } catch (error) {
      throw this.#reported(error);
    }
  }

  /** The first row of a query; undefined when there is none. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    try {
      return this.#prepared(sql).get(...values) as Row | undefined;
    } catch (error) {
      throw this.#reported(error);
    }
  }

  /** The rows of a query one by one; finish it before the same statement is used again. */
  *each<Row>(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    try {
      yield* this.#prepared(sql).iterate(...values) as Iterable<Row>;
    } catch (error) {
      throw this.#reported(error);
    }
  }

  /** Runs plain statements. */
  exec(sql: string): void {
    try {
      this.#connection.exec(sql);
    } catch (error) {
      throw this.#reported(error);
    }
  }

  /** Runs work as one transaction: all of it lasts, or none when it throws. */
  write<Result>(work: () => Result): Result {
    const result = this.#transaction('BEGIN IMMEDIATE', work);
    this.onWritten();
    return result;
  }

  /** Runs work as one transaction, as soon as no other process writes; meanwhile the rest of the program goes on. */
  async writeSoon<Result>(work: () => Result): Promise<Result> {
    const patience = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return this.write(work);
      } catch (error) {
        if (!isBusy(error) || performance.now() > patience) throw error;
      }
      await wait(RETRY_MS);
    }
  }

  /** Runs queries that all see the same state. The work must not wait for anything. */
  read<Result>(work: () => Result): Result {
    return this.#transaction('BEGIN', work);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  #transaction<Result>(begin: string, work: () => Result): Result {
    this.exec(begin);
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself ends the transaction on some errors (disk full), and a damaged file is closed: a second end would hide the error.
      if (this.#connection.isOpen && this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  #reported(error: unknown): unknown {
    this.onError(error);
    return error;
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** SQLite's codes for a file that is damaged, or is not a database. */
const DAMAGE = new Set([11, 26]);

/** Its codes where the disk, or what it allows, is in the way: read-only, input or output, disk full, cannot open. */
const UNWRITABLE = new Set([8, 10, 13, 14]);
const BUSY = new Set([5]);

/** Whether an error of SQLite means that another process is writing. */
function isBusy(error: unknown): boolean {
  return hasCode(error, BUSY);
}

/** Whether an error of SQLite means that the file is damaged. */
export function isDamage(error: unknown): boolean {
  return hasCode(error, DAMAGE);
}

/** Whether an error of SQLite means that the file cannot be written: a full disk, or one that is read-only or fails. */
export function isUnwritable(error: unknown): boolean {
  return hasCode(error, UNWRITABLE);
}

function hasCode(error: unknown, codes: ReadonlySet<number>): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  // Extended codes hold the primary one in their lowest byte.
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && codes.has(errcode & 255);
}

/** Opens a file for writing, making it and bringing it up to date where needed. What is committed survives a power cut. */
export function openForWriting(path: string): SqliteDatabase {
  const connection = new DatabaseSync(path, { timeout: OPEN_MS });
  // Has to come first: it decides the form of a new file.
  connection.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const database = new SqliteDatabase(connection);
  migrate(database);
  connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return database;
}

/** Opens an existing file for reading; `empty` or `older` while it does not have this program's schema. */
export function openForReading(path: string): SqliteDatabase | 'empty' | 'older' {
  const database = new SqliteDatabase(openShared(path));
  const pending = pendingMigrations(database).length;
  if (pending === 0) return database;
  const empty = pending === knownMigrations().length;
  database[Symbol.dispose]();
  return empty ? 'empty' : 'older';
}

function openShared(path: string): DatabaseSync {
  try {
    // Not as read-only: the first reader after a crash must be able to recover the write-ahead log.
    const connection = new DatabaseSync(path, { timeout: BUSY_MS });
    connection.exec('PRAGMA query_only = 1; SELECT count(*) FROM sqlite_schema');
    return connection;
  } catch {
    return new DatabaseSync(path, { timeout: BUSY_MS, readOnly: true });
  }
}

function migrate(database: SqliteDatabase): void {
  database.write(() => {
    database.exec('CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)');
  });
  for (const name of pendingMigrations(database)) {
    database.write(() => {
      // Another process may have been first while this one waited for the lock.
      if (database.get('SELECT 1 FROM schema_migrations WHERE name = ?', name)) return;
      database.exec(readFileSync(join(MIGRATIONS, name), 'utf8'));
      database.run(
        "INSERT INTO schema_migrations (name, applied_at) VALUES (?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
        name,
      );
    });
  }
}

function knownMigrations(): string[] {
  return readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'));
}

function pendingMigrations(database: SqliteDatabase): string[] {
  const table = database.get("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'");
  const rows = table ? database.all<{ name: string }>('SELECT name FROM schema_migrations') : [];
  const applied = new Set(rows.map((row) => row.name));
  return knownMigrations()
    .filter((name) => !applied.has(name))
    .sort();
}

import pg from 'pg';

/** SQLSTATE classes that blame the data itself: wrong value, broken constraint. */
const DATA_FAULTS = ['22', '23'];

/** A statement failed. Holds no connection string, and says whether the same statement may succeed later. */
export class DatabaseError extends Error {
  /** Host, port and name of the database. */
  readonly database: string;
  /** SQLSTATE, or the code of a failed connection; undefined where there is none. */
  readonly code: string | undefined;
  /** `data`: this data will never be taken; `unavailable`: the same may succeed later. */
  readonly kind: 'data' | 'unavailable';

  constructor(database: string, reason: string, code: string | undefined) {
    super(`PostgreSQL at ${database}: ${reason}${code === undefined ? '' : ` (${code})`}`);
    this.name = 'DatabaseError';
    this.database = database;
    this.code = code;
    this.kind = DATA_FAULTS.includes(code?.slice(0, 2) ?? '') ? 'data' : 'unavailable';
  }

  /** Takes over the facts of a foreign error but not the error, which may hold the connection and its password. */
  static from(database: string, error: unknown): Error {
    if (error instanceof DatabaseError || error instanceof RangeError) return error;
    const causes = error instanceof AggregateError ? error.errors : [error];
    const codes = causes.map((cause) => (cause as NodeJS.ErrnoException).code).filter((code) => code !== undefined);
    const reasons = [...new Set(causes.map((cause) => (cause instanceof Error ? cause.message : String(cause))))];
    const code = error instanceof pg.DatabaseError ? error.code : codes[0];
    return new DatabaseError(database, reasons.join('; ') || 'the connection failed', code);
  }
}

/** Host, port and name of the database in a connection string, without user and password. */
export function describeDsn(dsn: string): string {
  const { hostname = '', port = '', pathname = '' } = URL.parse(dsn) ?? {};
  return `${hostname || 'localhost'}:${port || 5432}${pathname}`;
}

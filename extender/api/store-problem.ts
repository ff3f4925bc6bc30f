import type { CodedError } from '../../shared/errors/catalogue.ts';
import type { DatabaseError } from '../../shared/store/timescale/database-error.ts';
import { extenderError } from '../errors.ts';

/** Seconds after which a client may try again when the store was not available. */
export const STORE_RETRY_SECONDS = 5;

/** SQLite's codes for a database that cannot be written or read now: busy, locked, read-only, disk trouble, full, not openable. */
const SQLITE_UNAVAILABLE: ReadonlySet<number> = new Set([5, 6, 8, 10, 13, 14]);

/** The problem of a request that the database could not serve: 503 while it is not available, 422 when it refuses a value; undefined: another error. */
export function storeProblem(error: unknown): CodedError | undefined {
  if (isSqliteUnavailable(error)) return extenderError('HISTORY_UNAVAILABLE', {});
  if (!isDatabaseError(error)) return undefined;
  if (error.kind === 'data') return extenderError('VALUE_REFUSED', {});
  // Class 42 is a statement that no database will ever take: ours to mend, not the client's to repeat.
  if (error.code?.startsWith('42')) return undefined;
  return extenderError('HISTORY_UNAVAILABLE', {});
}

function isSqliteUnavailable(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  // Extended codes hold the primary one in their lowest byte.
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && SQLITE_UNAVAILABLE.has(errcode & 255);
}

/** By its name, because its module loads the database driver, which an embedded store has no need of. */
function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && error.name === 'DatabaseError';
}

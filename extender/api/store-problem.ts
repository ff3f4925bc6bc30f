import { type CodedError, isCodedError } from '../../shared/errors/catalogue.ts';
import type { DatabaseError } from '../../shared/store/timescale/database-error.ts';
import { extenderError } from '../errors.ts';

/** Seconds after which a client may try again when the store was not available. */
export const STORE_RETRY_SECONDS = 5;

/** The problem of a request that the database could not serve: 503 while it is not available, 422 when it refuses a value; undefined: another error. */
export function storeProblem(error: unknown): CodedError | undefined {
  if (isCodedError(error) && error.status === 503) return error;
  // SQLite: the file cannot be opened, written or read, or the disk is full; a broken constraint is an error of ours.
  if ((error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR')
    return isOurs(error) ? undefined : extenderError('HISTORY_UNAVAILABLE', {});
  if (!isDatabaseError(error)) return undefined;
  if (error.kind === 'data') return extenderError('VALUE_REFUSED', {});
  // Class 42 is a statement that no database will ever take: ours to mend, not the client's to repeat.
  if (error.code?.startsWith('42')) return undefined;
  return extenderError('HISTORY_UNAVAILABLE', {});
}

/** SQLite's codes for statements that no file will ever take: 1 an error in the SQL, 19 a constraint, 20 a type, 25 a range. */
const OURS = new Set([1, 19, 20, 25]);

function isOurs(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: number };
  return errcode !== undefined && OURS.has(errcode & 255);
}

/** By its name, because its module loads the database driver, which an embedded store has no need of. */
function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && error.name === 'DatabaseError';
}

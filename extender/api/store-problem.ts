import type { DatabaseError } from '../../shared/store/timescale/database-error.ts';
import { ProblemError } from './problem.ts';

/** Seconds after which a client may try again when the store was away. */
export const STORE_RETRY_SECONDS = 5;

/** The answer to a request that the database could not serve: 503 while it is away, 422 when it refuses a value; undefined: another error. */
export function storeProblem(error: unknown): ProblemError | undefined {
  if (!isDatabaseError(error)) return undefined;
  if (error.kind === 'data') return new ProblemError(422, 'The database does not take a value of the request');
  // Class 42 is a statement that no database will ever take: ours to mend, not the client's to repeat.
  if (error.code?.startsWith('42')) return undefined;
  return new ProblemError(503, 'The store is away for now; nothing was changed, send the request again later');
}

/** By its name, because its module loads the database driver, which an embedded store has no need of. */
function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && error.name === 'DatabaseError';
}

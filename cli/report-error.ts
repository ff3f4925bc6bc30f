import { CalculatorError } from '../shared/calculator/error.ts';
import { isCodedError } from '../shared/errors/catalogue.ts';
import { ConfigError } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';
import { toSystemError } from '../shared/runtime/system-error.ts';
import { cliError } from './errors.ts';

/** Prints why a command failed to standard error, with the code of its catalogue, and returns the exit code. */
export function reportError(error: unknown, note: (text: string) => void): number {
  if (isCodedError(error)) {
    note(`${error.message} [${error.code}]`);
    return error.exitCode ?? EXIT.failed;
  }
  if (error instanceof CalculatorError || error instanceof ConfigError) {
    note(error.message);
    return EXIT.failed;
  }
  if (isStoreError(error))
    return reportError(cliError('STORE_FAILED', { reason: (error as Error).message }, { cause: error }), note);
  note(toSystemError(error)?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return EXIT.failed;
}

/** SQLite errors carry one code, those of PostgreSQL five characters (SQLSTATE); both may be errors of the file or socket. */
function isStoreError(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (name === 'DatabaseError') return true;
  return typeof code === 'string' && (/^ERR_SQLITE/.test(code) || /^[0-9A-Z]{5}$/.test(code) || STORE_ERRNO.has(code));
}

const STORE_ERRNO = new Set(['EACCES', 'EROFS', 'ENOSPC', 'ECONNREFUSED', 'ENOTDIR', 'EEXIST']);

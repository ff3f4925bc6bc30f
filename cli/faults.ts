import { CalculatorError } from '../shared/calculator/error.ts';
import { ConfigError } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';
import { describeSystemFault } from '../shared/runtime/system-fault.ts';

/** Something outside that a command needs and cannot reach now: the cache file, Prometheus. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Tells on standard error why a command could not be done, and returns the exit code for it. */
export function explain(error: unknown, talk: (text: string) => void): number {
  if (error instanceof CalculatorError || error instanceof ConfigError) {
    talk(error.message);
    return EXIT.failed;
  }
  if (error instanceof Unavailable) {
    talk(error.message);
    return EXIT.unavailable;
  }
  if (isStoreFault(error)) {
    talk(`the store failed: ${(error as Error).message}`);
    return EXIT.store;
  }
  talk(describeSystemFault(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return EXIT.failed;
}

/** SQLite faults carry one code; those of PostgreSQL five characters (SQLSTATE); both may be faults of the file or socket. */
function isStoreFault(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (name === 'DatabaseError') return true;
  return typeof code === 'string' && (/^ERR_SQLITE/.test(code) || /^[0-9A-Z]{5}$/.test(code) || STORE_ERRNO.has(code));
}

const STORE_ERRNO = new Set(['EACCES', 'EROFS', 'ENOSPC', 'ECONNREFUSED', 'ENOTDIR', 'EEXIST']);

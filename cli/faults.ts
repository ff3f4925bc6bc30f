import { CalculatorFault } from '../shared/calculator/fault.ts';
import { ConfigError } from '../shared/runtime/config.ts';
import { EXIT } from '../shared/runtime/lifecycle.ts';

/** Something outside that a command needs and cannot reach now: the cache file, Prometheus. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** The exit codes, for the help pages. */
export const EXIT_CODES = `
Exit codes: 0 done; 1 the question or a setting is at fault; 2 something that is needed cannot be reached (cache
file, Prometheus); 3 the store cannot be read or written.`;

/** Tells on standard error why a command could not be done, and returns the exit code for it. */
export function explain(error: unknown, talk: (text: string) => void): number {
  if (error instanceof CalculatorFault || error instanceof ConfigError) {
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
  talk(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.failed;
}

/** SQLite faults carry one code; those of PostgreSQL five characters (SQLSTATE); both may be faults of the file or socket. */
function isStoreFault(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && (/^ERR_SQLITE/.test(code) || /^[0-9A-Z]{5}$/.test(code) || STORE_ERRNO.has(code));
}

const STORE_ERRNO = new Set(['EACCES', 'EROFS', 'ENOSPC', 'ECONNREFUSED', 'ENOTDIR', 'EEXIST']);

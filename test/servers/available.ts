import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders where Debian keeps servers that are on nobody's PATH. */
const EXTRA = ['/usr/sbin', '/usr/lib/postgresql/15/bin', '/usr/lib/postgresql/16/bin', '/usr/lib/postgresql/17/bin'];

/** The full path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA];
  return folders.map((folder) => join(folder, name)).find(executable);
}

/**
 * True when a program that a suite needs is on this machine. Without it CI fails; a person is told what is left out
 * and how to get it, here and once more at the end of the run. Use: `describe.skipIf(!available(...))`.
 */
export function available(program: string, howToGet: string): boolean {
  if (findProgram(program) !== undefined) return true;
  if (process.env.CI === 'true') throw new Error(`${program} is missing, and CI may leave nothing out: ${howToGet}`);
  process.stderr.write(`\n!! LEFT OUT: tests that need ${program}. To run them: ${howToGet}\n\n`);
  return false;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { extname, join } from 'node:path';

const PROGRAM = join(import.meta.dirname, `check-file${extname(import.meta.filename)}`);

/**
 * Checks the structure of a file in a process of its own with low priority, so that a large one delays nothing; calls
 * back with the first problem, and never when there is none. Disposing ends the check.
 */
export function checkBeside(path: string, onProblem: (problem: string) => void): Disposable {
  const child = execFile(process.execPath, [PROGRAM, path], (error, output) => {
    if (error === null && output !== 'ok' && !output.startsWith('not checked')) onProblem(output);
  });
  // A check that is not over must not keep the program from ending.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref?(): void })?.unref?.();
  lower(child.pid);
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

function lower(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is over already.
  }
}

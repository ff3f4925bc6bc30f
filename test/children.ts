import * as processes from 'node:child_process';
import { promisify } from 'node:util';

// What node:child_process starts for a test, held so that nothing outlives the test file that started it: a test that
// ran out of time has not ended its own, and a program left behind keeps the output of the whole run open.

const running = new Set<processes.ChildProcess>();

function watched<Child extends processes.ChildProcess>(child: Child): Child {
  running.add(child);
  for (const end of ['exit', 'error']) child.once(end, () => running.delete(child));
  return child;
}

export const spawn = ((...args: Parameters<typeof processes.spawn>) =>
  watched(processes.spawn(...args))) as typeof processes.spawn;

export const fork = ((...args: Parameters<typeof processes.fork>) =>
  watched(processes.fork(...args))) as typeof processes.fork;

export const execFile = Object.assign(
  (...args: Parameters<typeof processes.execFile>) => watched(processes.execFile(...args)),
  {
    [promisify.custom](...args: [string, readonly string[], processes.ExecFileOptions]) {
      const output = promisify(processes.execFile)(...args);
      watched(output.child);
      return output;
    },
  },
) as unknown as typeof processes.execFile;

/** Ends what is still running, also what is stopped. */
export function endChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

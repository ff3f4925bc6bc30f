import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { spawn } from './children.ts';
import { ROOT } from './laws/sources.ts';

/** One of the project's programs, running as its own process with only the environment that a test gives it. */
export interface StartedProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Its log so far, one object a line; lines that are no JSON are left out. */
  readonly log: Record<string, unknown>[];
  /** Resolves with the first log line that has the message; rejects when the process ends before. */
  logged(message: string): Promise<Record<string, unknown>>;
}

/** Starts `poller` or `extender` from its main.ts; disposing it sends SIGTERM and waits. */
export function startProcess(name: 'poller' | 'extender', env: Record<string, string>): StartedProcess {
  const child = spawn(process.execPath, [join(ROOT, name, 'main.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const log: Record<string, unknown>[] = [];
  const exited = once(child, 'exit');
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line));
  });
  return {
    child,
    log,
    async logged(message) {
      for (;;) {
        const line = log.find(({ msg }) => msg === message);
        if (line) return line;
        if (child.exitCode !== null)
          throw new Error(`${name} ended with ${child.exitCode} before it logged "${message}"`);
        await wait(10);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Asks until the answer passes a check; a test's own time-out ends it. */
export async function eventually<T>(ask: () => Promise<T>, check: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (check(answer)) return answer;
    await wait(25);
  }
}

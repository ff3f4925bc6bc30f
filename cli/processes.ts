import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { systemClock } from '../shared/runtime/clock.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { untilSignal } from '../shared/runtime/lifecycle.ts';

const ROOT = join(import.meta.dirname, '..');

/** How long the programs may take until they answer, in milliseconds. */
const START_WITHIN_MS = 30_000;

/** The programs that run side by side. */
export type ProgramName = 'poller' | 'extender';

/** Runs poller and extender as children until a signal comes or one of them ends; resolves with the exit code to end with. */
export async function runSideBySide(env: Environment, onReady: () => void): Promise<number> {
  const children = (['poller', 'extender'] as const).map((name) => start(name, env));
  const ended = Promise.race(children.map(exitOf));
  const stop = new AbortController();
  const ready = untilReady(env, stop.signal).then((yes) => yes && onReady());
  const signal = untilSignal();
  const first = await Promise.race([ended, signal]);
  stop.abort();
  await ready;
  for (const child of children) if (child.exitCode === null) child.kill(typeof first === 'string' ? first : 'SIGTERM');
  await Promise.all(children.map(exitOf));
  return typeof first === 'string' ? 0 : first;
}

function start(name: ProgramName, env: Environment): ChildProcess {
  // Installed as a package, this file is .js, and so are the programs.
  return spawn(process.execPath, [join(ROOT, name, `main${extname(import.meta.filename)}`)], {
    env: { ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode ?? 1);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function untilReady(env: Environment, signal: AbortSignal): Promise<boolean> {
  const addresses = [
    `http://127.0.0.1:${env.EXTENDER_PORT}/readyz`,
    `http://127.0.0.1:${env.API_PORT}/readyz`,
    `http://127.0.0.1:${env.POLLER_PORT}/readyz`,
  ];
  const until = systemClock.monotonic() + START_WITHIN_MS;
  while (!signal.aborted && systemClock.monotonic() < until) {
    const answers = await Promise.all(
      addresses.map((address) =>
        fetch(address)
          .then((answer) => answer.ok)
          .catch(() => false),
      ),
    );
    if (answers.every(Boolean)) return !signal.aborted;
    await systemClock.sleep(200, signal);
  }
  return !signal.aborted;
}

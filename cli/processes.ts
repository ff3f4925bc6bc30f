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

/** The extender waits this long for the first cache document, so that it need not warn that there is none. */
const FIRST_DOCUMENT_MS = 5_000;

/** Runs poller and extender as children until a signal comes or one of them ends; resolves with the exit code to end with. */
export async function runSideBySide(env: Environment, onReady: () => void): Promise<number> {
  const signal = untilSignal();
  const stop = new AbortController();
  const ports = { poller: env.POLLER_PORT, scheduler: env.EXTENDER_PORT, api: env.API_PORT };
  const poller = start('poller', env);
  await Promise.race([signal, exitOf(poller), untilReady([ports.poller], FIRST_DOCUMENT_MS, stop.signal)]);
  const children = [poller, start('extender', env)];
  const ended = Promise.race(children.map(exitOf));
  const all = Object.values(ports);
  const ready = untilReady(all, START_WITHIN_MS, stop.signal).then((yes) => yes && onReady());
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

/** False when it was told to stop waiting; true when all answer, or have had their time. */
async function untilReady(ports: readonly (string | undefined)[], ms: number, signal: AbortSignal): Promise<boolean> {
  const until = systemClock.monotonic() + ms;
  const answers = (port: string | undefined) =>
    fetch(`http://127.0.0.1:${port}/readyz`)
      .then((answer) => answer.ok)
      .catch(() => false);
  while (!signal.aborted && systemClock.monotonic() < until) {
    if ((await Promise.all(ports.map(answers))).every(Boolean)) return !signal.aborted;
    await systemClock.sleep(200, signal);
  }
  return !signal.aborted;
}

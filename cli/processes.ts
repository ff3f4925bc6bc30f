import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { systemClock } from '../shared/runtime/clock.ts';
import { ConfigError, type Environment } from '../shared/runtime/config.ts';
import { listen } from '../shared/runtime/http-server.ts';
import { EXIT, untilSignal } from '../shared/runtime/lifecycle.ts';
import { describeSystemFault } from '../shared/runtime/system-fault.ts';

const ROOT = join(import.meta.dirname, '..');

/** How long the programs may take until they answer, in milliseconds. */
const START_WITHIN_MS = 30_000;

/** Somebody else's server on the port may take the question and never answer. */
const ANSWER_MS = 2_000;

/** A program that does not end within this after a signal is ended, in milliseconds. It ends itself in half of it. */
const KILL_AFTER_MS = 10_000;

/** The programs that run side by side. */
export type ProgramName = 'poller' | 'extender';

/** The extender waits this long for the first cache document, so that it need not warn that there is none. */
const FIRST_DOCUMENT_MS = 5_000;

/** Runs poller and extender as children until a signal comes or one of them ends; resolves with the exit code to end with. */
export async function runSideBySide(env: Environment, onReady: () => void): Promise<number> {
  const signal = untilSignal();
  const stop = new AbortController();
  const ports = { poller: env.POLLER_PORT, scheduler: env.EXTENDER_PORT, api: env.API_PORT };
  if (!(await settingsAreSound(env, Object.values(ports)))) return EXIT.config;
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
  const late = setTimeout(() => children.map((child) => child.kill('SIGKILL')), KILL_AFTER_MS);
  await Promise.all(children.map(exitOf));
  clearTimeout(late);
  return typeof first === 'string' ? 0 : first;
}

function start(name: ProgramName, env: Environment, ...args: string[]): ChildProcess {
  // Installed as a package, this file is .js, and so are the programs.
  return spawn(process.execPath, [join(ROOT, name, `main${extname(import.meta.filename)}`), ...args], {
    env: { ...env },
    stdio: ['ignore', args.length > 0 ? 'ignore' : 'inherit', 'inherit'],
  });
}

/** Asks both programs before either starts, so that every fault is named at once and nothing is written for nothing. */
async function settingsAreSound(env: Environment, ports: readonly (string | undefined)[]): Promise<boolean> {
  const codes = await Promise.all([
    exitOf(start('poller', env, '--check-config')),
    exitOf(start('extender', env, '--check-config')),
  ]);
  if (codes.some((code) => code !== EXIT.ok)) return false;
  const chosen = ports.filter((port) => port !== '0');
  if (new Set(chosen).size < chosen.length)
    throw new ConfigError('carbon', ['POLLER_PORT, EXTENDER_PORT, API_PORT: two of them are the same']);
  const taken = (await Promise.all(PORTS.map((name) => refusal(name, env)))).filter((fault) => fault !== undefined);
  if (taken.length > 0) throw new ConfigError('carbon', taken);
  return true;
}

const PORTS = ['POLLER_PORT', 'EXTENDER_PORT', 'API_PORT'] as const;

/** Why a port cannot be had. Whoever has it already, perhaps we ourselves, would be taken for the program that is started. */
async function refusal(name: (typeof PORTS)[number], env: Environment): Promise<string | undefined> {
  const hostName = name.replace('_PORT', '_HOST');
  const [port, host] = [Number(env[name]), env[hostName] ?? '0.0.0.0'];
  try {
    await using _server = await listen(() => undefined, { host, port });
    return undefined;
  } catch (error) {
    return describeSystemFault(error, { [name]: port, [hostName]: host }) ?? String(error);
  }
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
    fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) })
      .then((answer) => answer.ok)
      .catch(() => false);
  while (!signal.aborted && systemClock.monotonic() < until) {
    if ((await Promise.all(ports.map(answers))).every(Boolean)) return !signal.aborted;
    await systemClock.sleep(200, signal);
  }
  return !signal.aborted;
}

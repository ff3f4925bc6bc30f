import { type ChildProcess, spawn } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { systemClock } from '../shared/runtime/clock.ts';
import { ConfigError, type Environment } from '../shared/runtime/config.ts';
import { listen } from '../shared/runtime/http-server.ts';
import { EXIT, untilSignal } from '../shared/runtime/lifecycle.ts';
import { toSystemError } from '../shared/runtime/system-error.ts';
import { cliError } from './errors.ts';

const ROOT = join(import.meta.dirname, '..');

const PORTS = ['POLLER_PORT', 'EXTENDER_PORT', 'API_PORT'] as const;

/** How long the programs may take to become ready, in milliseconds. */
const START_WITHIN_MS = 30_000;

/** Timeout of one readiness request, in milliseconds: a foreign server on the port may never respond. */
const PROBE_TIMEOUT_MS = 2_000;

/** A program that is still running this long after a signal is killed, in milliseconds. Programs need at most half of it. */
const KILL_AFTER_MS = 10_000;

/** The settings with a free port in the place of each port 0, so that it is known before the program that gets it has started. */
export async function withFreePorts(settings: Environment): Promise<Record<string, string | undefined>> {
  await using stack = new AsyncDisposableStack();
  const chosen: Record<string, string | undefined> = { ...settings };
  for (const name of PORTS) {
    if (settings[name] !== '0') continue;
    // All are open at once, so that none is chosen twice.
    const host = settings[name.replace('_PORT', '_HOST')] ?? '::';
    const open = await listen(() => undefined, { host, port: 0 }).catch(() => undefined);
    // A host that cannot be listened on is reported by the check of the settings.
    if (open !== undefined) chosen[name] = String(stack.use(open).port);
  }
  return chosen;
}

/** The programs that `carbon up` runs. */
export type ProgramName = 'poller' | 'extender';

/** How long the extender's start is delayed for the first cache document, in milliseconds, so that it does not warn about a missing one. */
const FIRST_DOCUMENT_MS = 5_000;

/** What happens around the programs. */
export interface SideBySideHooks {
  /** Runs while the settings are checked; the programs start after it. */
  readonly prepare?: () => Promise<void>;
  /** Called once every port is ready. */
  readonly onReady: () => void;
}

/** Runs poller and extender as child processes until a signal arrives or one of them ends; resolves with the exit code. */
export async function runSideBySide(given: Environment, { prepare, onReady }: SideBySideHooks): Promise<number> {
  const signal = untilSignal();
  const stop = new AbortController();
  const env = withCompileCache(given);
  const ports = { poller: env.POLLER_PORT, scheduler: env.EXTENDER_PORT, api: env.API_PORT };
  const [valid] = await Promise.all([settingsAreValid(env, Object.values(ports)), prepare?.()]);
  if (!valid) return EXIT.config;
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

/** The check of the settings compiles the programs, and their start then takes half as long. */
function withCompileCache(env: Environment): Environment {
  const directory = getCompileCacheDir();
  // Node reports the subdirectory of its own version.
  return directory === undefined ? env : { NODE_COMPILE_CACHE: dirname(directory), ...env };
}

function start(name: ProgramName, env: Environment, ...args: string[]): ChildProcess {
  // In the published package this file and the programs are .js.
  return spawn(process.execPath, [join(ROOT, name, `main${extname(import.meta.filename)}`), ...args], {
    env: { ...env },
    stdio: ['ignore', args.length > 0 ? 'ignore' : 'inherit', 'inherit'],
  });
}

/** Checks the settings of both programs before either starts, so that every problem is reported at once. */
async function settingsAreValid(env: Environment, ports: readonly (string | undefined)[]): Promise<boolean> {
  const codes = await Promise.all([
    exitOf(start('poller', env, '--check-config')),
    exitOf(start('extender', env, '--check-config')),
  ]);
  if (codes.some((code) => code !== EXIT.ok)) return false;
  const chosen = ports.filter((port) => port !== '0');
  if (new Set(chosen).size < chosen.length) throw cliError('PORTS_EQUAL', {});
  const taken = (await Promise.all(PORTS.map((name) => portIssue(name, env)))).filter((issue) => issue !== undefined);
  if (taken.length > 0) throw new ConfigError('carbon', taken);
  return true;
}

/** Why a port is not available; undefined when it is. Another program on it would be mistaken for ours. */
async function portIssue(name: (typeof PORTS)[number], env: Environment): Promise<string | undefined> {
  const hostName = name.replace('_PORT', '_HOST');
  const [port, host] = [Number(env[name]), env[hostName] ?? '::'];
  try {
    await using _server = await listen(() => undefined, { host, port });
    return undefined;
  } catch (error) {
    return toSystemError(error, { [name]: port, [hostName]: host })?.message ?? String(error);
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode ?? 1);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Waits until all ports are ready or the time is up (true), or until the signal aborts (false). */
async function untilReady(ports: readonly (string | undefined)[], ms: number, signal: AbortSignal): Promise<boolean> {
  const until = systemClock.monotonic() + ms;
  const isReady = (port: string | undefined) =>
    fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]),
    })
      .then((response) => response.ok)
      .catch(() => false);
  while (!signal.aborted && systemClock.monotonic() < until) {
    if ((await Promise.all(ports.map(isReady))).every(Boolean)) return !signal.aborted;
    await systemClock.sleep(200, signal);
  }
  return !signal.aborted;
}

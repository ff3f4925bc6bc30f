import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from '../children.ts';
import { freePort } from '../servers/free-port.ts';

const STOP_GRACE_MS = 10_000;
const READY_LIMIT_MS = 120_000;
const READY_POLL_MS = 50;
const PORT_ATTEMPTS = 3;

/** A server program running as our child: `logs` is all its output so far, `ended` says how it ended (undefined while it runs). */
export type Program = AsyncDisposable & { readonly name: string; logs(): string; ended(): string | undefined };

/** What to run: the binary `assets/name` with `args` in `dir`, its output appended to `dir/logName`. */
export type ProgramOptions = { assets: string; name: string; dir: string; logName: string; args: readonly string[] };

/** Asks `url` over TLS signed by `ca` (PEM) with a bearer token. */
export type ReadyCheck = { url: string; ca: string; token: string };

/**
 * Starts a program with an empty environment, so that no proxy or ETCD_* variable of the caller reaches it. It is killed
 * when this process exits; disposing it asks it to end, and kills it after ten seconds.
 */
export function startProgram({ assets, name, dir, logName, args }: ProgramOptions): Program {
  const logFile = join(dir, logName);
  const log = openSync(logFile, 'a');
  const child = spawn(join(assets, name), args, { cwd: dir, env: {}, stdio: ['ignore', log, log] });
  closeSync(log);

  let spawnError: Error | undefined;
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  child.once('exit', () => process.off('exit', killWithParent));
  child.once('error', (error) => {
    spawnError = error;
    process.off('exit', killWithParent);
  });

  return {
    name,
    logs: () => readFileSync(logFile, 'utf8'),
    ended: () => spawnError?.message ?? describeEnd(child),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** Runs a program that serves on a port of the loopback, with another free port when somebody was faster; resolves when it is ready. */
export async function startOnFreePort<P>(
  start: (port: number) => Program,
  ready: (program: Program, port: number) => Promise<P>,
) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const program = start(port);
    try {
      return { port, program, answer: await ready(program, port) };
    } catch (error) {
      await program[Symbol.asyncDispose]();
      if (attempt === PORT_ATTEMPTS || !program.logs().includes('address already in use')) throw error;
    }
  }
}

/** Resolves when `url` answers 200. Rejects with the last lines of their output when one of the programs ends, or after two minutes. */
export async function waitUntilReady(programs: readonly Program[], check: ReadyCheck): Promise<void> {
  const giveUpAt = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const answer = await status(check);
    if (answer === 200) return;
    const dead = programs.find((program) => program.ended() !== undefined);
    if (dead) throw new Error(`${dead.name} ended (${dead.ended()}):\n${lastLines(dead)}`);
    if (performance.now() > giveUpAt) {
      const outputs = programs.map((program) => `${program.name}:\n${lastLines(program)}`);
      throw new Error(`no 200 from ${check.url} after ${READY_LIMIT_MS} ms: ${answer}\n${outputs.join('\n')}`);
    }
    await sleep(READY_POLL_MS);
  }
}

/** The HTTP status of a GET, or the message of the error that prevented an answer. */
async function status({ url, ca, token }: ReadyCheck): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const call = request(url, { ca, agent: false, timeout: 5_000, headers: { authorization: `Bearer ${token}` } });
  call.on('response', (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  call.on('timeout', () => call.destroy(new Error('no response within 5 s')));
  call.on('error', (error) => resolve(error.message));
  call.end();
  return promise;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || describeEnd(child) !== undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await exited;
  clearTimeout(kill);
}

function describeEnd(child: ChildProcess): string | undefined {
  if (child.exitCode !== null) return `exit code ${child.exitCode}`;
  return child.signalCode ?? undefined;
}

function lastLines(program: Program): string {
  return program.logs().trimEnd().split('\n').slice(-15).join('\n');
}

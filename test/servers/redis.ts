import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { loadConfig } from '../../shared/runtime/config.ts';
import { connectRedis, type RedisClient, type RedisConnection } from '../../shared/runtime/redis.ts';
import { redisSettings } from '../../shared/runtime/redis-settings.ts';
import { capturedLog } from '../captured-log.ts';
import { spawn } from '../children.ts';
import { available, findProgram } from './available.ts';
import { freePort } from './free-port.ts';

/** How a person gets the server that these tests need. */
export const redisAvailable = (): boolean => available('redis-server', 'apt-get install redis-server');

/** A Redis of a test's own, on a free port, in a folder that goes away with it. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Ends the server with SIGKILL; its folder stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
  /** Stops the process without ending it (SIGSTOP), or lets it go on (SIGCONT). */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

/** Starts a server that keeps every write before it answers; `settings` are those of redis.conf. */
export async function startRedis(settings: Record<string, string> = {}): Promise<RedisServer> {
  const program = findProgram('redis-server');
  if (program === undefined) throw new Error('redis-server is missing');
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await freePort();
  const all = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
  };
  const given = Object.entries({ ...all, ...settings }).flatMap(([name, value]) => [`--${name}`, value]);
  let child: ChildProcess;
  const start = async () => {
    child = spawn(program, given, { stdio: 'ignore' });
    await listening(port, child);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A connection as the product makes it, once it works. */
export async function redisClient(url: string): Promise<RedisConnection & { client: RedisClient }> {
  const connection = connectRedis(
    loadConfig('test', z.object(redisSettings), { REDIS_URL: url }),
    'test',
    capturedLog(),
  );
  while (!connection.client.isReady) await wait(10);
  return connection;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    if (await answers(port)) return;
    await wait(20);
  }
  throw new Error('redis-server does not answer');
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (data) => {
      socket.destroy();
      resolve(!data.toString().startsWith('-LOADING'));
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

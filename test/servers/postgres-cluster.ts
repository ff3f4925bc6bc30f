import { type ChildProcess, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { spawn } from '../children.ts';
import { freePort } from './free-port.ts';

/** A user without rights: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** Where a PostgreSQL is and what it loads. */
export interface Installation {
  /** Folder of `initdb` and `postgres`, as seen inside `root`. */
  readonly bin: string;
  /** Folder to run in as its root folder, where the server was unpacked and not installed. */
  readonly root?: string;
  /** Folder for the data, as seen outside. */
  readonly folder: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of our own on a free port of 127.0.0.1. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  readonly password: string;
  /** Makes an empty database and gives its connection string. */
  database(): Promise<string>;
  /** Ends the server without a goodbye, children too. */
  kill(): Promise<void>;
  /** Ends the server in order, cutting off its clients. */
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
}

/** Makes a cluster in a temporary folder and starts it; disposing stops it by its process id and removes the folder. */
export async function startCluster(installation: Installation): Promise<PostgresServer> {
  const data = mkdtempSync(join(installation.folder, 'carbon-pg-'));
  const password = randomBytes(9).toString('base64url');
  initialise(installation, data, password);
  const port = await freePort();
  let server = await launch(installation, data, port, password);
  let databases = 0;
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  };
  return {
    port,
    password,
    async database() {
      const name = `test_${++databases}`;
      await ask(port, password, `CREATE DATABASE ${name}`);
      return dsn(port, password, name);
    },
    async kill() {
      // Left alone, a child may serve its client for a while after the postmaster is gone.
      const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
      await end('SIGKILL');
      for (const child of children) killIfThere(Number(child));
    },
    stop: () => end('SIGINT'),
    async start() {
      server = await launch(installation, data, port, password);
    },
    async [Symbol.asyncDispose]() {
      await end('SIGINT');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function initialise(installation: Installation, data: string, password: string): void {
  const secret = `${data}.pw`;
  writeFileSync(secret, password, { mode: 0o600 });
  for (const path of [data, secret]) if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
  chmodSync(data, 0o700);
  const { file, args } = command(installation, 'initdb', [
    ...['-D', inside(installation, data), '--pwfile', inside(installation, secret)],
    ...['-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'],
  ]);
  execFileSync(file, args, { ...asUser(installation), stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(secret);
}

async function launch(installation: Installation, data: string, port: number, password: string): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    dynamic_shared_memory_type: 'mmap',
    max_connections: '60',
    // A killed process loses nothing that the kernel has; only a power cut would, and no test cuts the power.
    fsync: 'off',
    log_min_messages: 'fatal',
    ...installation.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args } = command(installation, 'postgres', [
    ...['-D', inside(installation, data), '-p', String(port)],
    ...flags,
  ]);
  let server = start();
  let stderr = '';
  function start(): ChildProcess {
    const child = spawn(file, args, { ...asUser(installation), stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    return child;
  }
  for (let tries = 0; tries < 300; tries++) {
    // While children of a killed server are still ending, their shared memory is in use and the new one gives up.
    if (server.exitCode !== null && tries < 200) server = start();
    const up = await ask(port, password, 'SELECT 1').then(
      () => true,
      () => false,
    );
    if (up) return server;
    await wait(50);
  }
  server.kill('SIGKILL');
  throw new Error(`PostgreSQL in ${data} did not start: ${stderr}`);
}

function command(installation: Installation, program: string, args: string[]) {
  const path = join(installation.bin, program);
  if (installation.root === undefined) return { file: path, args };
  return { file: 'chroot', args: [`--userspec=${NOBODY}:${NOBODY}`, installation.root, path, ...args] };
}

function asUser(installation: Installation) {
  const drop = installation.root === undefined && process.getuid?.() === 0;
  return { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...(drop ? { uid: NOBODY, gid: NOBODY } : {}) };
}

function inside(installation: Installation, path: string): string {
  return installation.root === undefined ? path : path.slice(installation.root.length);
}

function dsn(port: number, password: string, database: string): string {
  return `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
}

async function ask(port: number, password: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: dsn(port, password, 'postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

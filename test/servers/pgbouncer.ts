import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { spawn } from '../children.ts';
import { available, findProgram } from './available.ts';
import { freePort } from './free-port.ts';
import type { PostgresServer } from './postgres-cluster.ts';

const NOBODY = 65_534;

/** How a person gets the pooler that these tests need. */
export const pgbouncerAvailable = (): boolean => available('pgbouncer', 'apt-get install pgbouncer');

/** A PgBouncer in front of a PostgreSQL, with its defaults beside the pool. */
export interface Pooler extends AsyncDisposable {
  /** A connection string with the pooler's port in place of the server's. */
  through(dsn: string): string;
}

/** Starts PgBouncer with two connections to the server for all clients. */
export async function startPgbouncer(postgres: PostgresServer, mode: 'transaction' | 'session'): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${postgres.port} user=postgres password=${postgres.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 2
`,
  );
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(findProgram('pgbouncer') ?? 'pgbouncer', ['-q', file], { stdio: 'ignore', ...user });
  const exited = once(child, 'exit');
  for (let turn = 0; !(await listens(port)); turn += 1) {
    if (child.exitCode !== null || turn > 500) throw new Error('pgbouncer does not start');
    await wait(20);
  }
  return {
    through: (dsn) => dsn.replace(`:${postgres.port}/`, `:${port}/`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

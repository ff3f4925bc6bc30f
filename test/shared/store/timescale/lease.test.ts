import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { type Connection, ConnectionPool } from '../../../../shared/store/timescale/database.ts';
import { DatabaseLease } from '../../../../shared/store/timescale/lease.ts';
import { migrate } from '../../../../shared/store/timescale/migrate.ts';
import { capturedLog } from '../../../captured-log.ts';
import { spawn } from '../../../children.ts';
import { startTcpProxy } from '../../../doubles/tcp-proxy.ts';
import { describeDatabase } from '../../../servers/databases.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { eventually } from '../../../started-process.ts';

/** Short, so that a test need not wait as long as an operator. */
const BEAT_MS = 200;

const prepare = async (connection: Connection) => void (await migrate(connection));

function lease(dsn: string, name = 'recorder') {
  const database = new ConnectionPool({ dsn, connections: 1, prepare }).within(BEAT_MS);
  const clocked = { clock: systemClock, logger: capturedLog(), beatMs: BEAT_MS };
  return new DatabaseLease({ database, name, purpose: 'recording', ...clocked });
}

const until = (check: () => boolean) => eventually(async () => check(), Boolean);

/** A database with its tables made before: the first beat of a lease waits for nothing else. */
async function prepared(server: PostgresServer): Promise<string> {
  const dsn = await server.database();
  await using pool = new ConnectionPool({ dsn, connections: 1, prepare });
  await pool.within(10_000).query('SELECT 1');
  return dsn;
}

/**
 * Whether the database has given the lease to somebody. A lease says that it is held also while the database was not
 * reached yet, as on a busy machine; only the row tells the two apart.
 */
async function granted(dsn: string): Promise<void> {
  await using pool = new ConnectionPool({ dsn, connections: 1, prepare });
  const database = pool.within(10_000);
  await eventually(
    () => database.query('SELECT holder FROM carbon_leases'),
    ({ length }) => length === 1,
  );
}

/** A lease that the database has refused, since another has it. */
async function standbyOf(dsn: string): Promise<DatabaseLease> {
  const standby = lease(dsn);
  const events: boolean[] = [];
  standby.onChange((held) => events.push(held));
  await until(() => events.at(-1) === false);
  return standby;
}

/** Another process that asks for the lease, and has it. */
async function startHolder(dsn: string) {
  const program = join(import.meta.dirname, 'lease-holder.ts');
  const holder = spawn(process.execPath, [program, dsn, String(BEAT_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const told: string[] = [];
  createInterface({ input: holder.stdout }).on('line', (line) => told.push(line));
  await granted(dsn);
  await until(() => told.at(-1) === 'true');
  return { holder, told };
}

describeDatabase('a lease in the database', (server) => {
  it('is held by one process at a time, and passes to the standby when the holder stops', async () => {
    const dsn = await prepared(server());
    const first = lease(dsn);
    await granted(dsn);
    await using second = await standbyOf(dsn);
    await new Promise((resolve) => setTimeout(resolve, 3 * BEAT_MS));
    const meanwhile = [first.held, second.held];

    await first[Symbol.asyncDispose]();
    await until(() => second.held);

    expect(meanwhile).toEqual([true, false]);
  });

  it('passes to the standby within a few beats when the holder is killed, with a name of its own for each group', async () => {
    const dsn = await prepared(server());
    const { holder } = await startHolder(dsn);
    await using standby = await standbyOf(dsn);
    await using elsewhere = lease(dsn, 'another-cluster');
    await until(() => elsewhere.held);
    await new Promise((resolve) => setTimeout(resolve, 3 * BEAT_MS));
    const before = standby.held;

    holder.kill('SIGKILL');
    await until(() => standby.held);

    expect(before).toBe(false);
  });

  it('passes on when the holder hangs without ending its connection', { timeout: 60_000 }, async () => {
    const dsn = await prepared(server());
    const { holder, told } = await startHolder(dsn);
    await using standby = await standbyOf(dsn);

    holder.kill('SIGSTOP');
    await until(() => standby.held);
    holder.kill('SIGCONT');
    await until(() => told.at(-1) === 'false');
    const after = standby.held;

    expect(after).toBe(true);
  });

  it('passes on when the holder is cut off in the middle of a renewal, whose row stays locked', async () => {
    const dsn = await prepared(server());
    await using pool = new ConnectionPool({ dsn, connections: 1, prepare });
    const database = pool.within(10_000);
    await database.query(
      "INSERT INTO carbon_leases VALUES ('recording', 'recorder', 'another', clock_timestamp() + INTERVAL '1 h')",
    );
    await using standby = await standbyOf(dsn);
    await using proxy = await startTcpProxy(server().port);
    const through = dsn.replace(`:${server().port}/`, `:${proxy.port}/`);
    const cutOff = new ConnectionPool({ dsn: through, connections: 1, prepare }).within(1_000);
    const locked = Promise.withResolvers<unknown>();

    await database.query("UPDATE carbon_leases SET expires_at = clock_timestamp() + INTERVAL '5 s'");
    const renewal = cutOff.transaction(async (connection) => {
      const { rows } = await connection.query('SELECT holder FROM carbon_leases FOR UPDATE');
      proxy.silence();
      locked.resolve(rows);
      await new Promise<never>(() => undefined);
    });
    const refused = expect(renewal).rejects.toThrow('no response within');

    expect(await locked.promise).toEqual([{ holder: 'another' }]);
    await refused;
    await until(() => standby.held);
  });

  it('is taken for granted while the database was never reached, and given up for whoever has it then', async () => {
    const dsn = await prepared(server());
    await using other = lease(dsn);
    await granted(dsn);
    await using proxy = await startTcpProxy(server().port);
    const through = dsn.replace(`:${server().port}/`, `:${proxy.port}/`);
    proxy.silence();
    await using cutOff = lease(through);
    await until(() => cutOff.held);

    proxy.resume();
    await until(() => !cutOff.held);

    expect(other.held).toBe(true);
  });

  it('stays with the holder and does not come to the standby while the database is away', async () => {
    const dsn = await prepared(server());
    await using holder = lease(dsn);
    await granted(dsn);
    await using standby = await standbyOf(dsn);

    await server().stop();
    await new Promise((resolve) => setTimeout(resolve, 4 * BEAT_MS));
    const away = [holder.held, standby.held];
    await server().start();
    await new Promise((resolve) => setTimeout(resolve, 4 * BEAT_MS));

    expect(away).toEqual([true, false]);
    await until(() => holder.held !== standby.held);
  });
});

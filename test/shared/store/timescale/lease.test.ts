import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { type Connection, ConnectionPool } from '../../../../shared/store/timescale/database.ts';
import { DatabaseLease } from '../../../../shared/store/timescale/lease.ts';
import { migrate } from '../../../../shared/store/timescale/migrate.ts';
import { capturedLog } from '../../../captured-log.ts';
import { startTcpProxy } from '../../../doubles/tcp-proxy.ts';
import { describeDatabase } from '../../../servers/databases.ts';
import { eventually } from '../../../started-process.ts';

/** Short, so that a test need not wait as long as an operator. */
const BEAT_MS = 200;

function lease(dsn: string, name = 'recorder') {
  const prepare = async (connection: Connection) => void (await migrate(connection));
  const database = new ConnectionPool({ dsn, connections: 1, prepare }).within(BEAT_MS);
  const clocked = { clock: systemClock, logger: capturedLog(), beatMs: BEAT_MS };
  return new DatabaseLease({ database, name, purpose: 'recording', ...clocked });
}

const until = (check: () => boolean) => eventually(async () => check(), Boolean);

describeDatabase('a lease in the database', (server) => {
  it('is held by one process at a time, and passes to the standby when the holder stops', async () => {
    const dsn = await server().database();
    const first = lease(dsn);
    await until(() => first.held);
    await using second = lease(dsn);
    const events: boolean[] = [];
    second.onChange((held) => events.push(held));
    await new Promise((resolve) => setTimeout(resolve, 3 * BEAT_MS));
    const meanwhile = second.held;

    await first[Symbol.asyncDispose]();
    await until(() => second.held);

    expect(meanwhile).toBe(false);
    expect(events.at(-1)).toBe(true);
  });

  it('passes to the standby within a few beats when the holder is killed, with a name of its own for each group', async () => {
    const dsn = await server().database();
    const program = join(import.meta.dirname, 'lease-holder.ts');
    const holder = spawn(process.execPath, [program, dsn, String(BEAT_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await using standby = lease(dsn);
    await using elsewhere = lease(dsn, 'another-cluster');
    await until(() => elsewhere.held);
    await new Promise((resolve) => setTimeout(resolve, 3 * BEAT_MS));
    const before = standby.held;

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await until(() => standby.held);

    expect(before).toBe(false);
  });

  it('passes on when the holder hangs without ending its connection', { timeout: 60_000 }, async () => {
    const dsn = await server().database();
    const program = join(import.meta.dirname, 'lease-holder.ts');
    const holder = spawn(process.execPath, [program, dsn, String(BEAT_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await using standby = lease(dsn);

    holder.kill('SIGSTOP');
    await until(() => standby.held);
    holder.kill('SIGCONT');
    const [text] = await once(holder.stdout, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'exit');

    expect(String(text)).toContain('false');
  });

  it('is taken for granted while the database was never reached, and given up for whoever has it then', async () => {
    const dsn = await server().database();
    await using other = lease(dsn);
    await until(() => other.held);
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
    const dsn = await server().database();
    await using holder = lease(dsn);
    await until(() => holder.held);
    await using standby = lease(dsn);
    await new Promise((resolve) => setTimeout(resolve, 2 * BEAT_MS));

    await server().stop();
    await new Promise((resolve) => setTimeout(resolve, 4 * BEAT_MS));
    const away = [holder.held, standby.held];
    await server().start();
    await new Promise((resolve) => setTimeout(resolve, 4 * BEAT_MS));

    expect(away).toEqual([true, false]);
    expect([holder.held, standby.held].filter(Boolean)).toHaveLength(1);
  });
});

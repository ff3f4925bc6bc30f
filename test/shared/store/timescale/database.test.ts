import { expect, it } from 'vitest';
import { ConnectionPool } from '../../../../shared/store/timescale/database.ts';
import { describeDatabase } from '../../../servers/databases.ts';
import { query } from '../../../servers/query.ts';
import { timescaleRecording } from '../opened-parts.ts';

describeDatabase('a pool of connections', (server) => {
  const open = async () =>
    new ConnectionPool({ dsn: await server().database(), connections: 3, prepare: async () => {} });
  const pids = async (pool: ConnectionPool) => {
    const rows = await Promise.all(
      [1, 2, 3].map(() => pool.within(5_000).query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.05)')),
    );
    return rows.map(([row]) => row?.pid);
  };

  it('ends every connection to a server that has become read-only, also the idle ones', async () => {
    await using pool = await open();
    const before = await pids(pool);

    const refused = pool.within(5_000).transaction(async (connection) => {
      await connection.query('SET TRANSACTION READ ONLY');
      await connection.query('CREATE TABLE never (n int)');
    });

    await expect(refused).rejects.toMatchObject({ code: '25006', kind: 'unavailable' });
    const after = await pids(pool);
    expect(new Set([...before, ...after]).size).toBe(6);
  });

  it('limits each statement by itself, and leaves nothing set in the session', async () => {
    await using pool = await open();

    await expect(pool.within(100).query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    const [row] = await pool.within(5_000).transaction(async (connection) => {
      await connection.query('COMMIT');
      return (await connection.query('SHOW statement_timeout')).rows;
    });

    expect(row).toEqual({ statement_timeout: '0' });
  });

  it('keeps no session lock or temporary table that another client of a pooler would meet', async () => {
    const dsn = await server().database();

    await using store = timescaleRecording(dsn, 90);
    const container = { namespace: 'n', pod: 'p', container: 'c', node: '' };
    await store.history.append({ target: 't', samples: [{ container, start: 0, end: 15_000, joules: 1 as never }] });
    await using _lease = store.lease('recording');
    await new Promise((resolve) => setTimeout(resolve, 200));

    const locks = await query(dsn, "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'");
    const tables = await query(dsn, "SELECT count(*)::int AS n FROM pg_class WHERE relpersistence = 't'");

    expect([locks[0]?.n, tables[0]?.n]).toEqual([0, 0]);
  });
});

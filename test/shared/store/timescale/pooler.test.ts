import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joules } from '../../../../shared/grid/units.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { ConnectionPool } from '../../../../shared/store/timescale/database.ts';
import { isBehindPooler } from '../../../../shared/store/timescale/pooler.ts';
import { openTimescaleStore } from '../../../../shared/store/timescale/store.ts';
import { capturedLog } from '../../../captured-log.ts';
import { type Pooler, pgbouncerAvailable, startPgbouncer } from '../../../servers/pgbouncer.ts';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { query } from '../../../servers/query.ts';
import { eventually } from '../../../started-process.ts';

const POOLER_SEEN = 'PostgreSQL is behind a connection pooler';

function openRecorder(dsn: string) {
  const logger = capturedLog();
  const recording = { retentionDays: 30, leaseName: 'recorder', clock: systemClock, logger };
  return { logger, store: openTimescaleStore({ dsn, recording }) };
}

describe.skipIf(!pgbouncerAvailable() || !postgresAvailable())('the store behind PgBouncer', () => {
  let postgres: PostgresServer;
  let pooler: Pooler;
  beforeAll(async () => {
    postgres = await startPostgres();
    pooler = await startPgbouncer(postgres, 'transaction');
  });
  afterAll(async () => {
    await pooler?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
  });

  it('records with one of several pollers at a time, and leaves nothing in the sessions of others', async () => {
    const dsn = pooler.through(await postgres.database());
    const recorders = [openRecorder(dsn), openRecorder(dsn), openRecorder(dsn)];
    await using stack = new AsyncDisposableStack();
    for (const { store } of recorders) stack.use(store);
    const leases = recorders.map(({ store }) => stack.use(store.lease('recording')));
    const held = () => leases.filter((lease) => lease.held).length;
    await eventually(
      async () => held(),
      (count) => count === 1,
    );
    const counts = new Set<number>();
    for (let turn = 0; turn < 40; turn += 1) {
      counts.add(held());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const container = { namespace: 'a', pod: 'p', container: 'c', node: 'n' };
    const sample = { container, start: 1_767_225_600_000, end: 1_767_225_660_000, joules: joules(600) };

    await Promise.all(recorders.map(({ store }) => store.history.append({ target: 't', samples: [sample] })));

    const stored = await Array.fromAsync(recorders[0]?.store.history.samples({}, { from: 0, to: 9e12 }) ?? []);
    expect([...counts]).toEqual([1]);
    expect(stored.flat()).toHaveLength(1);
    const [session] = await query(
      dsn,
      "SELECT current_setting('statement_timeout') AS t, count(*)::int AS locks FROM pg_locks WHERE locktype = 'advisory'",
    );
    expect(session).toEqual({ t: '0', locks: 0 });
    for (const { logger } of recorders) expect(logger.at('info').map(({ message }) => message)).toContain(POOLER_SEEN);
  });

  it('is recognized behind a pooler, and not without one', async () => {
    const dsn = await postgres.database();
    const seen = async (address: string) => {
      let result: boolean | undefined;
      await using pool = new ConnectionPool({
        ...{ dsn: address, connections: 1 },
        prepare: async (connection) => {
          result = await isBehindPooler(connection);
        },
      });
      await pool.within(5_000).query('SELECT 1');
      return result;
    };

    expect(await seen(pooler.through(dsn))).toBe(true);
    expect(await seen(dsn)).toBe(false);
  });
});

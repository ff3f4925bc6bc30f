import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { gramsPerKwh } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import type { WritableStore } from '../../../../shared/records/power.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { readBacklog } from '../../../../shared/store/spool/backlog.ts';
import { SPOOL_FILE } from '../../../../shared/store/spool/spool.ts';
import { spooledHistory } from '../../../../shared/store/spool/spooled-history.ts';
import { capturedLog } from '../../../captured-log.ts';
import { startTcpProxy } from '../../../doubles/tcp-proxy.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { eventually } from '../../../started-process.ts';
import { openTimescaleWriter } from '../opened-parts.ts';
import { tickNumber } from '../timescale/killed-writer.ts';

const root = mkdtempSync(join(tmpdir(), 'spooled-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true }));

const FOREVER = { from: 0, to: Date.parse('2027-01-01T00:00:00Z') };

async function setUp(dsn: string) {
  const dataDir = join(root, String(++folders));
  const logger = capturedLog();
  const open = () =>
    spooledHistory(openTimescaleWriter(dsn), {
      folder: join(dataDir, 'spool'),
      maxBytes: 10_000_000,
      clock: systemClock,
      logger,
    });
  return { dataDir, logger, open };
}

/** Joules and hours' rollup of everything stored: tick n holds n joules for each of three containers. */
async function recorded(store: WritableStore): Promise<{ joules: number; rolledUp: number }> {
  const sum = { joules: 0, rolledUp: 0 };
  for await (const samples of store.samples({}, FOREVER)) for (const sample of samples) sum.joules += sample.joules;
  for await (const hour of store.hourly({}, FOREVER)) sum.rolledUp += hour.joules;
  return sum;
}

const ofTicks = (count: number) => ({ joules: (3 * count * (count + 1)) / 2, rolledUp: (3 * count * (count + 1)) / 2 });

function intensity(value: number) {
  return {
    zone: zone('DE'),
    hour: Date.parse('2026-01-01T12:00:00Z'),
    carbonIntensity: gramsPerKwh(value),
    provider: 'p',
    signal: 'average',
    quality: 'measured',
  } as const;
}

const through = (dsn: string, server: PostgresServer, port: number) => dsn.replace(`:${server.port}/`, `:${port}/`);

describeDatabases('a store behind a spool', (_name, server) => {
  it('starts while the database is away, keeps what comes, and delivers it once when the database is there', async () => {
    const dsn = await server().database();
    await server().stop();
    const { dataDir, logger, open } = await setUp(dsn);
    await using store = await open();
    for (let n = 1; n <= 20; n += 1) await store.append(tickNumber(n));
    await store.record([intensity(100)]);
    await store.record([intensity(90)]);
    const waiting = store.backlog();
    await eventually(
      async () => readBacklog(join(dataDir, 'spool', SPOOL_FILE)),
      (seen) => isDeepStrictEqual(seen, waiting),
    );

    await server().start();
    await eventually(
      async () => store.backlog().entries,
      (entries) => entries === 0,
    );

    expect(waiting).toMatchObject({ entries: 22, dropped: 0 });
    expect(await recorded(store)).toEqual(ofTicks(20));
    expect(await store.intensities([zone('DE')], FOREVER)).toMatchObject([{ carbonIntensity: 90 }]);
    expect(logger.at('error').map(({ message }) => message)).toEqual([
      'the store cannot be reached; writes are kept on disk',
    ]);
    expect(logger.at('info').at(-1)?.message).toBe('the store is back; everything kept on disk is delivered');
  });

  it('goes through kills of the database without losing or doubling a sample', { timeout: 60_000 }, async () => {
    const { open } = await setUp(await server().database());
    await using store = await open();
    let n = 0;
    let writing = true;
    const written = (async () => {
      while (writing) {
        await store.append(tickNumber(++n));
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();

    for (let kill = 0; kill < 3; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100 + kill * 37));
      await server().kill();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await server().start();
      await eventually(
        async () => store.backlog().entries,
        (entries) => entries === 0,
      );
    }
    writing = false;
    await written;
    await eventually(
      async () => store.backlog().entries,
      (entries) => entries === 0,
    );

    expect(n).toBeGreaterThan(30);
    expect(await recorded(store)).toEqual(ofTicks(n));
  });

  it('keeps writes on disk when the connection falls silent, and counts once what had arrived already', {
    timeout: 60_000,
  }, async () => {
    const dsn = await server().database();
    await using proxy = await startTcpProxy(server().port);
    const { open } = await setUp(through(dsn, server(), proxy.port));
    await using store = await open();
    await store.append(tickNumber(1));

    proxy.silence();
    await store.append(tickNumber(2));
    await store.append(tickNumber(3));
    const waiting = store.backlog().entries;
    proxy.cut();
    proxy.resume();
    await eventually(
      async () => store.backlog().entries,
      (entries) => entries === 0,
    );

    expect(waiting).toBe(2);
    expect(await recorded(store)).toEqual(ofTicks(3));
  });

  it('says that the password is wrong without saying the password, and keeps what comes', async () => {
    const dsn = (await server().database()).replace(server().password, 'geheim-und-falsch');
    const { logger, open } = await setUp(dsn);
    await using store = await open();

    await store.append(tickNumber(1));

    const [line] = logger.at('error');
    expect(String(line?.fields.err)).toMatch(/password authentication failed.*28P01/);
    expect(store.backlog().entries).toBe(1);
    const everything = JSON.stringify(logger.lines, (_key, value) =>
      value instanceof Error ? { ...value, message: value.message, stack: value.stack, cause: value.cause } : value,
    );
    expect(everything).not.toContain('geheim');
  });

  it('sets aside what the database will never take, and goes on with the rest', async () => {
    const dsn = await server().database();
    const { logger, open } = await setUp(dsn);
    await server().stop();
    {
      await using store = await open();
      await store.append(tickNumber(1));
      const [sample] = tickNumber(2).samples;
      if (sample === undefined) throw new Error('a tick has samples');
      await store.append({ target: 't', samples: [{ ...sample, container: { ...sample.container, pod: 'a\0b' } }] });
      await store.append(tickNumber(2));
    }
    await server().start();

    await using store = await open();
    await eventually(
      async () => store.backlog().entries,
      (entries) => entries === 0,
    );

    expect(await recorded(store)).toEqual(ofTicks(2));
    expect(logger.at('error').map(({ message }) => message)).toContain(
      'an entry of the spool cannot be delivered; it was set aside, and the rest is delivered',
    );
  });

  it('refuses a sample that cannot be before it reaches the disk', async () => {
    const { open } = await setUp(await server().database());
    await using store = await open();
    const [sample] = tickNumber(1).samples;

    const writing = store.append({ target: 't', samples: [{ ...sample, end: 0 } as never] });

    await expect(writing).rejects.toThrow(RangeError);
    expect(store.backlog().entries).toBe(0);
  });
});

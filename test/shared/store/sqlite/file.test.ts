import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { joules } from '../../../../shared/grid/units.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { SqliteFile, STORE_FILE } from '../../../../shared/store/sqlite/file.ts';
import { SqlitePowerWriter } from '../../../../shared/store/sqlite/power-writer.ts';
import { openSqliteStore } from '../../../../shared/store/sqlite/store.ts';
import { capturedLog } from '../../../captured-log.ts';

const root = mkdtempSync(join(tmpdir(), 'file-'));
let folders = 0;
const folder = () => {
  const path = join(root, String(++folders));
  mkdirSync(path);
  return path;
};
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FOREVER = { from: 0, to: 9e12 };
const START = Date.parse('2026-01-01T00:00:00Z');

function tick(n: number, pods = 20): PowerTick {
  const samples = Array.from({ length: pods }, (_, pod) => ({
    container: { namespace: 'a', pod: `p${pod}`, container: 'c', node: 'n' },
    start: START + n * 15_000,
    end: START + (n + 1) * 15_000,
    joules: joules(n),
  }));
  return { target: 't', samples };
}

function open(at: string) {
  const logger = capturedLog();
  return Object.assign(openSqliteStore(at, { clock: systemClock, logger }), { logger });
}

async function filled(at: string, ticks: number, compactAt?: number): Promise<void> {
  await using store = open(at);
  for (let n = 0; n < ticks; n += 1) await store.history.append(tick(n));
  if (compactAt !== undefined) await store.history.compact(compactAt);
}

async function energyOf(store: ReturnType<typeof openSqliteStore>): Promise<number> {
  let sum = 0;
  for await (const samples of store.history.samples({}, FOREVER)) for (const sample of samples) sum += sample.joules;
  return sum;
}

const damagedFiles = (at: string) => readdirSync(at).filter((name) => /damaged-[0-9TZ-]+$/.test(name));

describe('a damaged store', () => {
  it.each([
    ['that is no database', () => Buffer.alloc(8_192, 'garbage ')],
    ['of which a third was overwritten', (bytes: Buffer) => overwritten(bytes)],
  ] as const)('%s is set aside at the start, reported, and recording goes on in a new one', async (_what, damage) => {
    const at = folder();
    await filled(at, 400);
    const path = join(at, STORE_FILE);
    writeFileSync(path, damage(readFileSync(path)));
    const kept = readFileSync(path);

    await using store = open(at);
    await store.history.append(tick(1_000));

    const [aside, ...more] = damagedFiles(at);
    expect(more).toEqual([]);
    expect(readFileSync(join(at, aside as string)).equals(kept)).toBe(true);
    expect(store.state?.()).toMatchObject({ status: 'ok', setAside: [aside] });
    expect(store.logger.at('error').map(({ fields }) => fields.code)).toEqual(['STORE_SET_ASIDE']);
    expect(await energyOf(store)).toBe(20 * 1_000);
  });

  it('is left to the poller by a process that only reads, which finds the new one by itself', async () => {
    const at = folder();
    writeFileSync(join(at, STORE_FILE), Buffer.alloc(8_192, 'garbage '));
    await using api = openSqliteStore(at);

    await expect(api.history.totals()).rejects.toThrow(/not a database/);
    const before = api.state?.();
    await filled(at, 2);

    expect(before).toMatchObject({ status: 'unavailable', detail: expect.stringContaining('not a database') });
    expect((await api.history.totals()).containers).toBe(20);
    expect(api.state?.()).toMatchObject({ status: 'ok', setAside: damagedFiles(at) });
  });

  it('is followed to its successor by a reader that had it open', async () => {
    const at = folder();
    await filled(at, 3);
    await using api = openSqliteStore(at);
    const before = (await api.history.totals()).containers;
    writeFileSync(join(at, STORE_FILE), Buffer.alloc(8_192, 'garbage '));
    {
      await using _poller = open(at);
    }

    expect(before).toBe(20);
    expect((await api.history.totals()).containers).toBe(0);
  });
});

describe('a large store', () => {
  const large = (at: string) => {
    const aside: string[] = [];
    const onSetAside = (name: string) => void aside.push(name);
    return Object.assign(new SqliteFile(at, { clock: systemClock, onSetAside, checkedFirstBytes: 0 }), { aside });
  };

  it('is in use while it is checked, and set aside when the check finds damage', async () => {
    const at = folder();
    await filled(at, 400);
    const path = join(at, STORE_FILE);
    // Pages that its opening does not touch.
    writeFileSync(path, overwritten(readFileSync(path)));
    using file = large(at);

    file.check();
    const inUse = file.writer();

    expect(inUse).toBeDefined();
    await expect.poll(() => file.aside).toEqual(damagedFiles(at));
    expect(file.aside).toHaveLength(1);
    expect(file.writer().all('SELECT * FROM tick')).toEqual([]);
  });

  it('stays in use when it is whole, and its check ends with it', async () => {
    const at = folder();
    await filled(at, 400);
    {
      using file = large(at);
      file.check();
      expect(file.writer().all('SELECT * FROM tick')).not.toEqual([]);
    }
    using again = large(at);
    again.check();
    await new Promise((resolve) => setTimeout(resolve, 500));

    expect([again.aside, damagedFiles(at)]).toEqual([[], []]);
  });
});

describe('a store that cannot be written', () => {
  it('stops nothing: each use says why, and it works once the cause is gone', async () => {
    const at = join(folder(), 'blocked');
    writeFileSync(at, '');
    await using store = open(at);

    await expect(store.history.append(tick(1))).rejects.toThrow();
    const state = store.state?.();
    rmSync(at);
    await store.history.append(tick(2));

    expect(state?.status).toBe('unavailable');
    expect(store.logger.at('error').map(({ fields }) => fields.code)).toEqual(['STORE_UNUSABLE']);
    expect(store.state?.()).toMatchObject({ status: 'ok' });
  });

  it('is unavailable while its disk is full though it can be read, and usable after the next write', async () => {
    const at = folder();
    await filled(at, 4);
    using file = new SqliteFile(at);
    const writer = new SqlitePowerWriter(() => file.writer());
    const before = file.state().status;

    file.writer().exec('PRAGMA max_page_count = 1');
    await expect(writer.append(tick(5, 400))).rejects.toThrow('full');
    const full = file.state();
    const read = file.reader()?.all('SELECT * FROM tick').length;
    file.writer().exec('PRAGMA max_page_count = 100000');
    await writer.append(tick(6, 400));

    expect([before, full.status, full.detail, read]).toEqual(['ok', 'unavailable', 'database or disk is full', 4]);
    expect(file.state().status).toBe('ok');
  });

  it('is tried anew by a process that seldom writes, a minute after its last write failed', async () => {
    const at = folder();
    await filled(at, 4);
    using file = new SqliteFile(at);
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    file.writer().exec('PRAGMA max_page_count = 1');
    await expect(new SqlitePowerWriter(() => file.writer()).append(tick(5, 400))).rejects.toThrow('full');
    file.writer().exec('PRAGMA max_page_count = 100000');

    vi.advanceTimersByTime(59_000);
    const early = file.state().status;
    vi.advanceTimersByTime(2_000);

    expect([early, file.state().status]).toEqual(['unavailable', 'ok']);
  });

  it.skipIf(process.getuid?.() === 0)('of an older version is said to be not migrated yet', async () => {
    const at = folder();
    await filled(at, 1);
    const database = new DatabaseSync(join(at, STORE_FILE));
    database.exec("DELETE FROM schema_migrations WHERE name = '0014-checksums.sql'; PRAGMA journal_mode = DELETE");
    database.close();
    chmodSync(join(at, STORE_FILE), 0o444);
    chmodSync(at, 0o555);
    await using api = openSqliteStore(at);

    await expect(api.history.totals()).rejects.toMatchObject({ code: 'STORE_NOT_MIGRATED' });
    chmodSync(at, 0o755);
  });
});

describe('a flipped bit', () => {
  it.each(['tick', 'chunk', 'timeline', 'energy'])(
    'in a %s is missing data, counted, and never another figure',
    async (table) => {
      const at = folder();
      await filled(at, 240 + 5, START + 3_600_000);
      const database = new DatabaseSync(join(at, STORE_FILE));
      const clean = await sums(at);
      const rows = database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };

      for (let bit = 3; bit < 40; bit += 9) {
        const { v, key } = firstBlob(database, table);
        const changed = Uint8Array.from(v);
        changed[bit % changed.length] = (changed[bit % changed.length] ?? 0) ^ (1 << (bit % 8));
        database.prepare(`UPDATE ${table} SET v = ? WHERE ${key}`).run(changed);
        const seen = await sums(at);
        database.prepare(`UPDATE ${table} SET v = ? WHERE ${key}`).run(v);

        expect(seen.damaged).toBeGreaterThan(0);
        expect(seen.figures).not.toEqual(clean.figures);
        // A sum of an hour has less, and its coverage says so; a sample is as it was, or not there.
        for (const [name, value] of seen.figures)
          if (name.startsWith('hour')) expect(value).toBeLessThanOrEqual(clean.figures.get(name) ?? -1);
          else expect(value).toBe(clean.figures.get(name));
      }
      database.close();

      expect(rows.n).toBeGreaterThan(0);
      expect(clean.damaged).toBe(0);
    },
  );
});

function overwritten(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  for (let page = 2; (page + 1) * 4_096 <= bytes.length; page += 3)
    damaged.fill(0x5a, page * 4_096, (page + 1) * 4_096);
  return damaged;
}

function firstBlob(database: DatabaseSync, table: string): { v: Uint8Array; key: string } {
  const row = database.prepare(`SELECT * FROM ${table} LIMIT 1`).get() as Record<string, number> & { v: Uint8Array };
  const columns = {
    tick: ['t', 'target'],
    chunk: ['hour', 'series', 'target'],
    timeline: ['hour', 'target'],
    energy: ['hour'],
  };
  const key = columns[table as keyof typeof columns].map((column) => `${column} = ${row[column]}`).join(' AND ');
  return { v: Uint8Array.from(row.v), key };
}

/** Every sample and every hour that a reader sees. */
async function sums(at: string): Promise<{ figures: Map<string, number>; damaged: number }> {
  await using store = openSqliteStore(at);
  const figures = new Map<string, number>();
  for await (const samples of store.history.samples({}, FOREVER))
    for (const { container, start, end, joules } of samples) figures.set(`${container.pod} ${start} ${end}`, joules);
  for await (const { container, hour, joules, coveredMs } of store.history.hourly({}, FOREVER)) {
    figures.set(`hour ${hour} ${container.pod}`, joules);
    figures.set(`hour ${hour} ${container.pod} covered`, coveredMs);
  }
  return { figures, damaged: store.state?.().damagedRows ?? 0 };
}

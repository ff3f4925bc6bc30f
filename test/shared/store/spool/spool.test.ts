import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { joules } from '../../../../shared/grid/units.ts';
import { readBacklog } from '../../../../shared/store/spool/backlog.ts';
import type { SpoolEntry } from '../../../../shared/store/spool/entry.ts';
import { takeOverFormerFiles } from '../../../../shared/store/spool/former-files.ts';
import { SPOOL_FILE, Spool } from '../../../../shared/store/spool/spool.ts';
import { FakeClock } from '../../../fake-clock.ts';

const root = mkdtempSync(join(tmpdir(), 'spool-'));
let folders = 0;
const folder = () => join(root, String(++folders));
afterAll(() => rmSync(root, { recursive: true }));

function open(at: string, maxBytes = 10_000_000) {
  const dropped: number[] = [];
  const setAside: string[] = [];
  const clock = new FakeClock('2026-01-01T00:00:00Z');
  const spool = new Spool({
    ...{ folder: at, maxBytes, clock },
    onDropped: (count) => dropped.push(count),
    onSetAside: (reason) => setAside.push(reason),
  });
  return Object.assign(spool, { dropped, setAsideReasons: setAside });
}

/** Tick n of a target with two containers. */
function entry(n: number): SpoolEntry {
  const sample = (pod: string) => ({
    container: { namespace: 'a', pod, container: 'c', node: 'n' },
    start: n * 15_000,
    end: (n + 1) * 15_000,
    joules: joules(n),
  });
  return { kind: 'power', tick: { target: 't', samples: [sample('p1'), sample('p2')] } };
}

const numberOf = (one: SpoolEntry) => (one.kind === 'power' ? one.tick.samples[0]?.joules : undefined);

function drain(spool: Spool): (number | undefined)[] {
  const taken: (number | undefined)[] = [];
  for (let some = spool.next(7); some.length > 0; some = spool.next(7)) {
    taken.push(...some.map((one) => numberOf(one.entry)));
    spool.remove(some.at(-1)?.id ?? 0);
  }
  return taken;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

async function filled(at: string, count: number): Promise<void> {
  using spool = open(at);
  await Promise.all(upTo(count).map((n) => spool.push(entry(n))));
}

/** Changes the file as something other than the program would. */
function tamper(at: string, sql: string, ...values: (string | number | Uint8Array)[]): void {
  const database = new DatabaseSync(join(at, SPOOL_FILE));
  database.prepare(sql).run(...values);
  database.close();
}

/** Flips one bit of an entry's content. */
function flipBit(at: string, id: number): void {
  const database = new DatabaseSync(join(at, SPOOL_FILE));
  const { payload } = database.prepare('SELECT payload FROM entry WHERE id = ?').get(id) as { payload: Uint8Array };
  payload[20] = (payload[20] ?? 0) ^ 1;
  database.prepare('UPDATE entry SET payload = ? WHERE id = ?').run(payload, id);
  database.close();
}

describe('the spool', () => {
  it('gives back what it was given, in order, and returns the space to the disk', async () => {
    const at = folder();
    using spool = open(at);
    const empty = statSync(join(at, SPOOL_FILE)).size;
    await Promise.all(upTo(2_000).map((n) => spool.push(entry(n))));
    const full = spool.backlog().bytes;

    const taken = drain(spool);

    expect(taken).toEqual(upTo(2_000));
    expect(spool.empty).toBe(true);
    expect(spool.backlog()).toMatchObject({ entries: 0, blocks: 0, bytes: 0 });
    expect(full).toBeGreaterThan(200_000);
    tamper(at, 'PRAGMA wal_checkpoint');
    expect(statSync(join(at, SPOOL_FILE)).size).toBeLessThanOrEqual(empty + 8 * 4_096);
  });

  it('counts a container of a minute once, however many scrapes of it wait, also for another process', async () => {
    const at = folder();
    using spool = open(at);
    // 15 s each: the ends 30, 45, 60 s lie in the first minute, 75 s in the second.
    for (const n of [1, 2, 3, 4]) await spool.push(entry(n));

    expect(spool.backlog()).toMatchObject({ entries: 4, blocks: 4, dropped: 0 });
    expect(readBacklog(join(at, SPOOL_FILE))).toEqual(spool.backlog());
    expect(readBacklog(join(at, 'nothing-here'))).toBeUndefined();
  });

  it('keeps entries until they are removed, and goes on after a restart', async () => {
    const at = folder();
    await filled(at, 3);
    {
      using spool = open(at);
      expect(spool.next(9)).toHaveLength(3);
    }
    using again = open(at);
    await again.push(entry(4));

    expect(drain(again)).toEqual([1, 2, 3, 4]);
  });

  it('delivers what another process left in the same folder', async () => {
    const at = folder();
    using mine = open(at);
    using other = open(at);
    await other.push(entry(1));
    await mine.push(entry(2));

    expect(drain(mine)).toEqual([1, 2]);
    expect(other.empty).toBe(true);
  });

  it('skips an entry with a flipped bit wherever it is, keeps it, and counts it over restarts', async () => {
    const at = folder();
    await filled(at, 10);
    for (const id of [1, 4, 10]) flipBit(at, id);
    {
      using spool = open(at);
      expect(drain(spool)).toEqual([2, 3, 5, 6, 7, 8, 9]);
      expect(spool.setAsideReasons).toEqual(['damaged', 'damaged', 'damaged']);
    }
    using again = open(at);

    expect(again.empty).toBe(true);
    expect(again.backlog().setAside).toEqual({ damaged: 3, refused: 0, 'other-version': 0 });
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'delivers everything outside a page of the file that was overwritten (try %i)',
    async (seed) => {
      const at = folder();
      await filled(at, 500);
      tamper(at, 'PRAGMA wal_checkpoint');
      const path = join(at, SPOOL_FILE);
      const bytes = readFileSync(path);
      const page = 8 + seed * 3;
      bytes.fill(0xa5, page * 4_096, (page + 1) * 4_096);
      writeFileSync(path, bytes);

      using spool = open(at);
      const taken = drain(spool);

      expect(taken.length).toBeGreaterThan(400);
      expect(taken).toEqual([...new Set(taken)].sort((a, b) => (a ?? 0) - (b ?? 0)));
      expect(taken.length + spool.backlog().setAside.damaged).toBeGreaterThanOrEqual(taken.length === 500 ? 500 : 499);
      if (taken.length < 500) expect(spool.setAsideReasons).toContain('damaged');
    },
  );

  it('begins anew beside a file that is no database, and keeps that', async () => {
    const at = folder();
    mkdirSync(at);
    writeFileSync(join(at, SPOOL_FILE), 'x'.repeat(9_000));

    using spool = open(at);
    await spool.push(entry(1));

    expect(drain(spool)).toEqual([1]);
    expect(spool.setAsideReasons).toEqual(['damaged']);
    expect(readdirSync(at).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
  });

  it('keeps what another version wrote until that version, or one that understands it, is back', async () => {
    const at = folder();
    await filled(at, 3);
    const payload = deflateRawSync(JSON.stringify({ kind: 'from-the-future', wind: 3 }));
    tamper(at, 'UPDATE entry SET payload = ?, crc = ? WHERE id = 2', payload, crc32(payload));
    {
      using spool = open(at);
      expect(drain(spool)).toEqual([1, 3]);
      expect(spool.backlog().setAside['other-version']).toBe(1);
    }
    const understood = deflateRawSync(JSON.stringify(entry(2)));
    tamper(at, 'UPDATE set_aside SET payload = ?, crc = ?', understood, crc32(understood));

    using newer = open(at);

    expect(drain(newer)).toEqual([2]);
  });

  it('drops the oldest first when it is full, counts them over restarts, and stays within its bound', async () => {
    const at = folder();
    {
      using spool = open(at, 1_048_576);
      for (let from = 1; from <= 12_000; from += 200)
        await Promise.all(upTo(200).map((n) => spool.push(entry(from + n - 1))));
      const files = readdirSync(at).filter((name) => !name.endsWith('-shm'));
      expect(files.reduce((sum, name) => sum + statSync(join(at, name)).size, 0)).toBeLessThanOrEqual(1_048_576);
      expect(spool.dropped.reduce((sum, count) => sum + count, 0)).toBe(spool.backlog().dropped);
    }
    using again = open(at, 1_048_576);
    const { dropped, entries } = again.backlog();

    expect(dropped).toBeGreaterThan(0);
    expect(dropped + entries).toBe(12_000);
    expect(drain(again)).toEqual(upTo(12_000).slice(dropped));
  });

  it('takes over the files of earlier releases, past a damaged record, and deletes none', async () => {
    const at = folder();
    const record = (one: SpoolEntry) => {
      const payload = deflateRawSync(JSON.stringify(one));
      const header = Buffer.alloc(8);
      header.writeUInt32LE(payload.length, 0);
      header.writeUInt32LE(crc32(payload), 4);
      return Buffer.concat([header, payload]);
    };
    const records = [1, 2, 3].map((n) => record(entry(n)));
    (records[1] as Buffer)[20] = ((records[1] as Buffer)[20] ?? 0) ^ 1;
    mkdirSync(join(at, '0'), { recursive: true });
    writeFileSync(join(at, '0', '000000000001.spool'), Buffer.concat(records));
    writeFileSync(join(at, '0', '000000000002.spool'), record(entry(4)));
    using spool = open(at);
    const damaged: string[] = [];

    await takeOverFormerFiles(
      at,
      (one) => spool.push(one),
      (file) => damaged.push(file),
    );

    expect(drain(spool)).toEqual([1, 3, 4]);
    expect(damaged).toEqual([join(at, '0', '000000000001.spool')]);
    expect(readdirSync(join(at, '0'))).toEqual(['000000000001.spool.damaged', '000000000002.spool.delivered']);
  });
});

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../../../shared/grid/units.ts';
import { STORE_FILE } from '../../../../shared/store/sqlite/file.ts';
import { openSqliteWriter } from '../opened-parts.ts';

const root = mkdtempSync(join(tmpdir(), 'retention-'));
let folders = 0;
const folder = () => join(root, String(++folders));
afterAll(() => rmSync(root, { recursive: true }));

const START = Date.parse('2026-01-01T00:00:00Z');
const HOURS = 60;

/** Some days of many containers, a sample a minute, folded. */
async function fill(store: ReturnType<typeof openSqliteWriter>, pods = 300): Promise<void> {
  for (let hour = 0; hour < HOURS; hour += 1) {
    const samples = Array.from({ length: pods * 12 }, (_, index) => ({
      container: { namespace: 'n', pod: `p${index % pods}`, container: 'c', node: '' },
      start: START + hour * HOUR_MS + Math.floor(index / pods) * 300_000,
      end: START + hour * HOUR_MS + (Math.floor(index / pods) + 1) * 300_000,
      joules: joules(1_000 + ((index * 7919 + hour * 104_729) % 100_000)),
    }));
    await store.append({ target: 't', samples });
  }
  await store.compact(START + (HOURS + 1) * HOUR_MS);
}

const sizeOf = (at: string) => statSync(join(at, STORE_FILE)).size;

async function hoursOf(store: ReturnType<typeof openSqliteWriter>): Promise<number[]> {
  const found = new Set<number>();
  for await (const { hour } of store.hourly({}, { from: 0, to: 9e12 })) found.add((hour - START) / HOUR_MS);
  return [...found];
}

describe('retention of the embedded store', () => {
  it('gives space back to the disk, in steps that hold up the process for less than 100 ms', {
    timeout: 60_000,
  }, async () => {
    const at = folder();
    await using store = openSqliteWriter(at);
    await fill(store);
    const before = sizeOf(at);
    const cpu = () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1_000;
    };
    const turns: number[] = [];
    let last = cpu();
    // By processor time: a busy machine also stops a process that holds nothing up.
    const timer = setInterval(() => {
      const now = cpu();
      turns.push(now - last);
      last = now;
    }, 1);

    const removed = await store.forgetBefore(START + 50 * HOUR_MS);
    clearInterval(timer);

    expect(removed).toBe(50);
    expect(await hoursOf(store)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
    expect(sizeOf(at)).toBeLessThan(before / 2);
    expect(turns.length).toBeGreaterThan(5);
    expect(Math.max(...turns)).toBeLessThan(100);
  });

  it('works while the file may not grow by a page', { timeout: 60_000 }, async () => {
    const at = folder();
    await using store = openSqliteWriter(at);
    await fill(store, 100);
    const other = new DatabaseSync(join(at, STORE_FILE));
    const { page_count: pages } = other.prepare('PRAGMA page_count').get() as { page_count: number };
    other.exec(`PRAGMA max_page_count = ${pages}`);
    other.close();

    expect(await store.forgetBefore(START + 59 * HOUR_MS)).toBe(59);
    expect(await hoursOf(store)).toEqual([59]);
  });

  it('removes the oldest hours beyond a size, and no more than it must', { timeout: 60_000 }, async () => {
    const at = folder();
    await using store = openSqliteWriter(at);
    await fill(store);
    const bound = Math.floor(statSync(join(at, STORE_FILE)).size / 2);

    const removed = await store.forgetBeyond?.(bound);
    const left = await hoursOf(store);

    expect(removed).toBeGreaterThan(20);
    expect(removed).toBeLessThan(45);
    expect(left).toEqual(Array.from({ length: HOURS - (removed ?? 0) }, (_, index) => index + (removed ?? 0)));
    expect(statSync(join(at, STORE_FILE)).size).toBeLessThanOrEqual(bound * 1.05);
    expect(await store.forgetBeyond?.(bound)).toBe(0);
  });
});

describe('a write while another process holds the database', () => {
  it('waits without holding up this one', async () => {
    const at = folder();
    await using store = openSqliteWriter(at);
    const other = new DatabaseSync(join(at, STORE_FILE));
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 5);
    setTimeout(() => other.exec('COMMIT'), 1_500);

    const container = { namespace: 'n', pod: 'p', container: 'c', node: '' };
    await store.append({ target: 't', samples: [{ container, start: START, end: START + 15_000, joules: joules(1) }] });
    clearInterval(timer);
    other.close();

    expect((await store.totals()).containers).toBe(1);
    expect(turns).toBeGreaterThan(20);
  });
});

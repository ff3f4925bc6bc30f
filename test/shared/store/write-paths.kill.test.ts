// Flow: each path on which data is written to disk, its writer killed again and again in the middle, and what is left.
import type { ChildProcessByStdio } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { Spool } from '../../../shared/store/spool/spool.ts';
import { spawn } from '../../children.ts';
import { CACHE_ZONES, KEPT_TICKS, TICK_MS } from './killed-write-paths.ts';
import { joulesOfHours, openSqliteReader, openSqliteWriter } from './opened-parts.ts';

/** Of each path: a hundred in CI, which takes two cores some two minutes; WRITE_PATH_KILLS is another number. */
const KILLS = Number(process.env.WRITE_PATH_KILLS ?? (process.env.CI ? 100 : 20));
const root = mkdtempSync(join(tmpdir(), 'write-paths-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a writer that is killed again and again', { timeout: 900_000 }, () => {
  it.concurrent('on appending loses no acknowledged tick and has none twice', async () => {
    const { folder, kept } = await killWriters('append', 'at');

    const { numbers } = await ticksOf(folder);
    expect(kept.length).toBeGreaterThan(KILLS);
    expect(numbers).toEqual(range(1, numbers.length));
    expect(numbers.length).toBeGreaterThanOrEqual(Math.max(...kept));
    expect(await joulesOfHours(folder)).toBe(3 * sum(numbers));
  });

  it.concurrent('on folding hours has each sample once, and hours that are the sum of their samples', async () => {
    const { folder, kept } = await killWriters('fold', 'at');

    const { numbers } = await ticksOf(folder);
    expect(numbers).toEqual(range(1, numbers.length));
    expect(numbers.length).toBeGreaterThanOrEqual(Math.max(...kept));
    expect(await joulesOfHours(folder)).toBe(3 * sum(numbers));
  });

  it.concurrent('on retention loses nothing that is to be kept, and the next run removes the rest of what is not', async () => {
    const { folder, kept } = await killWriters('retention', 'at');

    const { numbers } = await ticksOf(folder);
    const last = Math.max(...kept);
    expect(numbers[0] ?? 0).toBeGreaterThan(1);
    expect(numbers[0]).toBeLessThanOrEqual(last - KEPT_TICKS + 1);
    expect(numbers).toEqual(range(numbers[0] ?? 0, numbers.length));
    expect(numbers.at(-1)).toBeGreaterThanOrEqual(last);
    // An hour whose samples were gone before the kill goes with the next run.
    await using store = openSqliteWriter(folder);
    await store.forgetBefore((numbers[0] ?? 0) * TICK_MS);
    expect(await joulesOfHours(folder)).toBe(3 * sum(numbers));
  });

  it.concurrent('on setting a damaged store aside deletes none, and begins a new one', async () => {
    const marked: string[] = [];
    const { folder } = await killWriters('set-aside', 'opening', (at, kill) => {
      const file = join(at, 'history.sqlite');
      if (!existsSync(file)) return;
      // What was there before as well: a kill may have come before the last damaged file was moved.
      for (const end of ['-wal', '-shm', '-journal']) rmSync(file + end, { force: true });
      if (readFileSync(file).subarray(0, 7).toString() === 'DAMAGED') return;
      marked.push(`DAMAGED-${kill}-`);
      writeFileSync(file, `DAMAGED-${kill}-`.padEnd(8_192, '#'));
    });

    const files = readdirSync(folder).filter((name) => /^history\.sqlite(\.damaged-[0-9TZ-]+)?$/.test(name));
    const begins = files.map((name) => readFileSync(join(folder, name)).subarray(0, 20).toString());
    await using store = openSqliteWriter(folder);
    expect(marked.length).toBeGreaterThan(KILLS / 4);
    expect(marked.filter((mark) => !begins.some((text) => text.startsWith(mark)))).toEqual([]);
    await expect(store.totals()).resolves.toBeDefined();
  });

  it.concurrent('on spooling has every acknowledged entry delivered or waiting', async () => {
    const { folder, kept, delivered } = await killWriters('spool', 'kept');

    using spool = new Spool({ folder, maxBytes: 50_000_000, clock: systemClock });
    const waiting = spool
      .next(1_000_000)
      .map(({ entry }) => (entry.kind === 'power' ? entry.tick.samples[0]?.joules : 0));
    const safe = new Set<unknown>([...waiting, ...delivered]);
    expect(kept.length).toBeGreaterThanOrEqual(KILLS);
    expect(kept.filter((n) => !safe.has(n))).toEqual([]);
    expect(spool.backlog().setAside.damaged).toBe(0);
  });

  it.concurrent('on writing the cache leaves a whole document each time', async () => {
    const whole: number[] = [];
    await killWriters('cache', 'kept', (folder) => {
      const file = join(folder, 'cache.json');
      if (!existsSync(file)) return;
      const read = decodeCarbonCache(readFileSync(file, 'utf8'));
      whole.push('regions' in read ? read.regions.size : 0);
    });

    expect(whole.length).toBe(KILLS);
    expect([...new Set(whole)]).toEqual([CACHE_ZONES.length]);
  });
});

interface Killed {
  readonly folder: string;
  /** Numbers that the writers said are kept. */
  readonly kept: readonly number[];
  readonly delivered: readonly number[];
}

/** Kills writers of one path a few milliseconds after the moment that they name, one after the other in one folder. */
async function killWriters(
  path: string,
  moment: string,
  after: (folder: string, kill: number) => void = () => undefined,
): Promise<Killed> {
  const folder = join(root, path);
  mkdirSync(folder);
  const said = { kept: [] as number[], delivered: [] as number[] };
  // The next one loads its modules while this one writes.
  let next = startWriter(path, folder, said);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const writer = next;
    next = startWriter(path, folder, said);
    await writer.reached('ready');
    writer.child.stdin.write('go\n');
    await writer.reached(moment);
    await wait((kill * 7) % 12);
    await writer.kill();
    after(folder, kill);
  }
  await next.kill();
  return { folder, ...said };
}

function startWriter(path: string, folder: string, said: { kept: number[]; delivered: number[] }) {
  const program = join(import.meta.dirname, 'killed-write-paths.ts');
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [program, path, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') },
  });
  const closed = once(child, 'close');
  const seen = new Set<string>();
  const news = new EventEmitter();
  closed.then(() => news.emit('news'));
  let rest = '';
  child.stdout.on('data', (text: Buffer) => {
    const lines = (rest + text.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [word = '', number = ''] = line.split(' ');
      seen.add(word);
      if (word === 'kept' || word === 'delivered') said[word].push(Number(number));
    }
    news.emit('news');
  });
  return {
    child,
    async reached(word: string) {
      while (!seen.has(word)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the writer of ${path} ended before it reached "${word}"`);
        await once(news, 'news');
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** The numbers of the stored ticks in order; each must be there with all three containers. */
async function ticksOf(folder: string): Promise<{ numbers: number[] }> {
  await using store = openSqliteReader(folder);
  const counts = new Map<number, number>();
  for await (const samples of store.samples({}, { from: 0, to: Number.MAX_SAFE_INTEGER }))
    for (const { start, joules } of samples) {
      expect(joules).toBe(start / TICK_MS);
      counts.set(joules, (counts.get(joules) ?? 0) + 1);
    }
  expect([...new Set(counts.values())]).toEqual([3]);
  return { numbers: [...counts.keys()].sort((a, b) => a - b) };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

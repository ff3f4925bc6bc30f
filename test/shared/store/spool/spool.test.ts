import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { joules } from '../../../../shared/grid/units.ts';
import type { SpoolEntry } from '../../../../shared/store/spool/entry.ts';
import { Spool } from '../../../../shared/store/spool/spool.ts';

const root = mkdtempSync(join(tmpdir(), 'spool-'));
let folders = 0;
const folder = () => join(root, String(++folders));
afterAll(() => rmSync(root, { recursive: true }));

const roomy = { maxBytes: 1_000_000, segmentBytes: 10_000 };

async function open(path: string, limits = roomy): Promise<Spool> {
  const spool = await Spool.open(path, limits);
  if (spool === undefined) throw new Error(`${path} is locked`);
  return spool;
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

async function drain(spool: Spool): Promise<(number | undefined)[]> {
  const taken: (number | undefined)[] = [];
  while (
    await spool.deliver(async (entries) => {
      taken.push(...entries.map(numberOf));
    })
  );
  return taken;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe('the spool', () => {
  it('gives back what it was given, in order, over several files, and is empty then', async () => {
    const at = folder();
    await using spool = await open(at, { ...roomy, segmentBytes: 300 });
    for (const n of upTo(20)) await spool.push(entry(n));
    const files = readdirSync(at).filter((name) => name.endsWith('.spool')).length;

    const taken = await drain(spool);

    expect(files).toBeGreaterThan(2);
    expect(taken).toEqual(upTo(20));
    expect(spool.empty).toBe(true);
    expect(readdirSync(at).filter((name) => name.endsWith('.spool'))).toEqual([]);
  });

  it('counts a container of a minute once, however many scrapes of it wait', async () => {
    await using spool = await open(folder());
    // 15 s each: the ends 30, 45, 60 s lie in the first minute, 75 s in the second.
    for (const n of [1, 2, 3, 4]) await spool.push(entry(n));

    expect(spool.backlog).toMatchObject({ entries: 4, blocks: 4, dropped: 0 });
  });

  it('keeps a file whole until all of it was taken', async () => {
    await using spool = await open(folder());
    for (const n of upTo(3)) await spool.push(entry(n));

    const failing = spool.deliver(async () => {
      throw new Error('away');
    });

    await expect(failing).rejects.toThrow('away');
    expect(await drain(spool)).toEqual([1, 2, 3]);
  });

  it('goes on after a restart, without what was torn, and says which file was', async () => {
    const at = folder();
    {
      await using spool = await open(at);
      for (const n of upTo(3)) await spool.push(entry(n));
    }
    const name = readdirSync(at).find((file) => file.endsWith('.spool')) as string;
    appendFileSync(join(at, name), Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5]));

    await using spool = await open(at);
    await spool.push(entry(4));

    expect(spool.damaged).toEqual([name]);
    expect(await drain(spool)).toEqual([1, 2, 3, 4]);
  });

  it('does not take what a bit flip has changed', async () => {
    const at = folder();
    {
      await using spool = await open(at);
      for (const n of upTo(2)) await spool.push(entry(n));
    }
    const path = join(at, readdirSync(at).find((file) => file.endsWith('.spool')) as string);
    const bytes = readFileSync(path);
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    writeFileSync(path, bytes);

    await using spool = await open(at);

    expect(await drain(spool)).toEqual([1]);
  });

  it('gives up the oldest first when it is full, and counts them', async () => {
    const at = folder();
    await using spool = await open(at, { maxBytes: 3_000, segmentBytes: 500 });
    for (const n of upTo(100)) await spool.push(entry(n));
    const { bytes, dropped, entries } = spool.backlog;

    const taken = await drain(spool);

    expect(bytes).toBeLessThanOrEqual(3_000);
    expect(dropped).toBeGreaterThan(0);
    expect(dropped + entries).toBe(100);
    expect(taken).toEqual(upTo(100).slice(dropped));
  });

  it('takes entries while others are delivered, and loses none', async () => {
    await using spool = await open(folder(), { ...roomy, segmentBytes: 400 });
    const taken: (number | undefined)[] = [];
    let pushing = true;
    const delivered = (async () => {
      while (pushing || !spool.empty)
        await spool.deliver(async (entries) => {
          await new Promise((resolve) => setImmediate(resolve));
          taken.push(...entries.map(numberOf));
        });
    })();
    for (const n of upTo(200)) await spool.push(entry(n));
    pushing = false;
    await delivered;

    expect(taken).toEqual(upTo(200));
  });

  it('belongs to one process at a time', async () => {
    const at = folder();
    await using _spool = await open(at);

    expect(await Spool.open(at, roomy)).toBeUndefined();
  });
});

import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CacheWatcher, watchCache } from '../../../extender/cache/cache-watcher.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { cacheText, replaceFile, temporaryFolder, WRITTEN_AT } from './cache-file.ts';

const POLL_MS = 5_000;

describe('watchCache', () => {
  it('sees a file that is there at the start', async () => {
    await using test = await setUp();
    await writeFile(test.file, cacheText({ FR: 40 }));
    await using cache = test.watch();

    await cache.firstRead;

    expect(cache.state()).toMatchObject({ kind: 'fresh', ageMs: 0 });
  });

  it('sees a document that replaces another by rename, without waiting for a poll', async () => {
    await using test = await setUp();
    await writeFile(test.file, cacheText({ FR: 40 }));
    await using cache = test.watch();
    await cache.firstRead;

    await replaceFile(test.file, cacheText({ FR: 55 }));

    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(55);
  });

  it('sees many replacements, one after the other, and ends with the last', async () => {
    await using test = await setUp();
    await using cache = test.watch();

    for (let value = 1; value <= 50; value++) await replaceFile(test.file, cacheText({ FR: value }));

    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(50);
  });

  it("sees Kubernetes' swap of the ..data symlink", async () => {
    await using test = await setUp();
    await mkdir(join(test.folder, '..1'));
    await writeFile(join(test.folder, '..1', 'cache.json'), cacheText({ FR: 40 }));
    await symlink('..1', join(test.folder, '..data'));
    await symlink(join('..data', 'cache.json'), test.file);
    await using cache = test.watch();
    await cache.firstRead;

    await mkdir(join(test.folder, '..2'));
    await writeFile(join(test.folder, '..2', 'cache.json'), cacheText({ FR: 70 }));
    await symlink('..2', join(test.folder, '..data_tmp'));
    await rename(join(test.folder, '..data_tmp'), join(test.folder, '..data'));

    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(70);
  });

  it('sees a file in a folder that appears later, and what becomes of it, without a poll', async () => {
    await using test = await setUp('later');
    await using cache = test.watch();
    await cache.firstRead;
    expect(cache.state()).toEqual({ kind: 'missing', reason: 'the file does not exist' });
    await new Promise((resolve) => setTimeout(resolve, 100));

    await mkdir(test.folder);
    await replaceFile(test.file, cacheText({ FR: 40 }));
    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(40);
    await replaceFile(test.file, cacheText({ FR: 41 }));

    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(41);
  });

  it('sees a file in a folder that is removed and made anew', async () => {
    await using test = await setUp();
    await writeFile(test.file, cacheText({ FR: 40 }));
    await using cache = test.watch();
    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(40);

    await rm(test.folder, { recursive: true });
    await expect.poll(() => cache.state().kind, QUICKLY).toBe('missing');
    await mkdir(test.folder);
    await replaceFile(test.file, cacheText({ FR: 50 }));
    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(50);
    await replaceFile(test.file, cacheText({ FR: 51 }));

    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(51);
  });

  it('finds by polling a folder of which several parents were missing', async () => {
    await using test = await setUp(join('not', 'yet', 'there'));
    await using cache = test.watch();
    await cache.firstRead;

    await mkdir(test.folder, { recursive: true });
    await replaceFile(test.file, cacheText({ FR: 40 }));
    await test.clock.advance(POLL_MS);
    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(40);
    await replaceFile(test.file, cacheText({ FR: 41 }));

    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(41);
  });

  it('finds a change by polling where no event reports it', async () => {
    await using test = await setUp();
    const elsewhere = join(test.folder, '..', 'elsewhere.json');
    await writeFile(elsewhere, cacheText({ FR: 40 }));
    await symlink(elsewhere, test.file);
    await using cache = test.watch();
    await cache.firstRead;

    const settled = () => new Promise((resolve) => setTimeout(resolve, 300));
    await settled();
    await replaceFile(elsewhere, cacheText({ FR: 90 }));
    await settled();
    const beforePoll = intensityOf(cache, 'FR');
    await test.clock.advance(POLL_MS);

    expect(beforePoll).toBe(40);
    await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(90);
  });

  it('lets a document grow stale by the clock alone, and says so once', async () => {
    await using test = await setUp();
    await writeFile(test.file, cacheText({ FR: 40 }, { ttlMinutes: 10 }));
    await using cache = test.watch();
    await cache.firstRead;

    test.clock.jump(10 * 60_000);
    const atTtl = cache.state().kind;
    test.clock.jump(1);
    const after = [cache.state().kind, cache.state().kind];

    expect(atTtl).toBe('fresh');
    expect(after).toEqual(['stale', 'stale']);
    expect(test.logger.lines.map((line) => line.message)).toEqual([
      'the carbon cache is fresh',
      'the carbon cache is stale: all nodes get equal scores until it is renewed',
    ]);
  });

  it.each([
    ['torn', cacheText({ FR: 40, DE: 300 }).slice(0, -50), 'the file is not whole JSON'],
    ['empty', '', 'the file is empty'],
    ['foreign', '{"schema_version":1,"hello":"world"}', /^not a carbon cache/],
    [
      'of another version',
      cacheText({ FR: 40 }).replace('"schema_version": 1', '"schema_version": 2'),
      /schema_version/,
    ],
    ['an array', '[]', /^not a carbon cache/],
    ['dated in the future', cacheText({ FR: 40 }, { at: WRITTEN_AT + 3_600_000 }), /dated in the future/],
  ])(
    'goes missing at once when a good file becomes %s, and comes back with the next good one',
    async (_, bad, reason) => {
      await using test = await setUp();
      await writeFile(test.file, cacheText({ FR: 40 }));
      await using cache = test.watch();
      await cache.firstRead;

      await replaceFile(test.file, bad);
      await expect.poll(() => cache.state().kind, QUICKLY).toBe('missing');
      const state = cache.state();
      await replaceFile(test.file, cacheText({ FR: 41 }));
      await expect.poll(() => intensityOf(cache, 'FR'), QUICKLY).toBe(41);

      expect(state).toEqual({ kind: 'missing', reason: expect.stringMatching(reason) });
      expect(test.logger.lines.map((line) => line.level)).toEqual(['info', 'warn', 'info']);
    },
  );

  it('goes missing when the file is removed', async () => {
    await using test = await setUp();
    await writeFile(test.file, cacheText({ FR: 40 }));
    await using cache = test.watch();
    await cache.firstRead;

    await rm(test.file);

    await expect.poll(() => cache.state(), QUICKLY).toMatchObject({ reason: 'the file does not exist' });
  });

  it('says why it cannot read a path that is a folder', async () => {
    await using test = await setUp();
    await mkdir(test.file);
    await using cache = test.watch();

    await cache.firstRead;

    expect(cache.state()).toEqual({ kind: 'missing', reason: 'cannot be read (EISDIR)' });
  });
});

const QUICKLY = { interval: 10 };

async function setUp(sub = 'cache') {
  const root = await temporaryFolder();
  const folder = join(root.path, sub);
  if (sub === 'cache') await mkdir(folder);
  const clock = new FakeClock(WRITTEN_AT);
  const logger = capturedLog();
  const file = join(folder, 'cache.json');
  const watch = () => watchCache({ file, pollMs: POLL_MS, clock, logger });
  return { folder, file, clock, logger, watch, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

function intensityOf(cache: CacheWatcher, zone: string): number | undefined {
  const state = cache.state();
  if (state.kind === 'missing') return undefined;
  for (const [code, region] of state.snapshot.regions) if (code === zone) return region.carbonIntensity;
  return undefined;
}

import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, makeFolderSync } from '../../../shared/runtime/folders.ts';
import { temporaryFolder } from '../../cli/run.ts';

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string) => makeFolderSync(path)],
])('%s', (_, make) => {
  it('creates a folder with those above it, and leaves one that exists as it is', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a/b/c');

    await make(path);
    writeFileSync(join(path, 'kept'), '');
    await make(path);

    expect(readdirSync(path)).toEqual(['kept']);
  });

  it('may be called by two at once', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a/b/c');

    await Promise.all([make(path), make(path), make(join(path, 'd'))]);

    expect(statSync(join(path, 'd')).isDirectory()).toBe(true);
  });

  it('says that a file is in the way, as the folder or above it', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'file'), '');

    await expect(make(join(folder.path, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(make(join(folder.path, 'file/a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(process.platform === 'linux')('returns where a file system refuses new folders', async () => {
    await expect(make('/proc/nowhere/data')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

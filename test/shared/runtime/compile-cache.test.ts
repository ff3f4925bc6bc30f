import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../laws/sources.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compile-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const help = (program: string, env: Record<string, string>) =>
  spawnSync(process.execPath, [join(ROOT, program, 'main.ts'), '--help'], { env, encoding: 'utf8' });

/** Modules that are kept in a directory, over all versions of Node. */
const kept = (directory: string) =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    : [];

describe.each([
  ['poller', 'poller/main.ts'],
  ['extender', 'extender/main.ts'],
  ['cli', 'Usage: carbon'],
])('the compiled modules of the %s', (program, usage) => {
  it('are kept in the directory of temporary files', () => {
    const { status } = help(program, { TMPDIR: folder });

    expect(status).toBe(0);
    expect(kept(join(folder, 'node-compile-cache')).length).toBeGreaterThan(100);
  });

  it.each(['/dev/null', '/proc/nowhere'])('are not kept in %s, and the program runs all the same', (TMPDIR) => {
    const { status, stdout, stderr } = help(program, { TMPDIR });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(usage);
  });
});

describe('keepCompiled', () => {
  it('are kept where NODE_COMPILE_CACHE says', () => {
    help('poller', { TMPDIR: folder, NODE_COMPILE_CACHE: join(folder, 'elsewhere') });

    expect(kept(join(folder, 'elsewhere')).length).toBeGreaterThan(100);
    expect(existsSync(join(folder, 'node-compile-cache'))).toBe(false);
  });

  it('has threads keep theirs too', () => {
    const script = `
      import { getCompileCacheDir } from 'node:module';
      import { Worker } from 'node:worker_threads';
      import { keepCompiled } from ${JSON.stringify(join(ROOT, 'shared/runtime/compile-cache.ts'))};
      keepCompiled(process.env);
      new Worker("console.log(require('node:module').getCompileCacheDir())", { eval: true, execArgv: [] });
      console.log(getCompileCacheDir());`;

    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { TMPDIR: folder },
      encoding: 'utf8',
    });

    const [main, thread] = stdout.trim().split('\n');
    expect(main).toContain(folder);
    expect(thread).toBe(main);
  });
});

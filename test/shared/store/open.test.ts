import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { ConfigError } from '../../../shared/runtime/config.ts';
import { openRecordingStore, openStore } from '../../../shared/store/open.ts';
import { capturedLog } from '../../captured-log.ts';
import { ROOT } from '../../laws/sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'open-'));
afterAll(() => rmSync(folder, { recursive: true }));

const nowhere = { DATA_DIR: folder, TSDB_DSN: undefined, DATABASE_URL: undefined, RECORDING_LEASE_NAME: 'test' };
const recording = { clock: systemClock, logger: capturedLog() };

describe('opening the store', () => {
  it('calls a missing connection string an error of the configuration, for reading and writing', async () => {
    const config = { ...nowhere, MODE: 'db' as const };

    await expect(openRecordingStore(config, recording)).rejects.toThrow(ConfigError);
    await expect(openStore(config)).rejects.toThrow(/TSDB_DSN: is missing/);
  });

  it('calls a connection string that is not valid an error of the configuration, without showing it', async () => {
    const config = { ...nowhere, MODE: 'db' as const, DATABASE_URL: 'mysql://user:geheim@host/x' };

    const error = await openRecordingStore(config, recording).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).not.toContain('geheim');
  });
});

describe('the embedded store', () => {
  it('loads nothing of PostgreSQL', () => {
    const program = `
      const { openStore } = await import('./shared/store/open.ts');
      await using store = await openStore({ MODE: 'local', DATA_DIR: process.argv[1] });
      await store.workloads.budgets();
      const { createRequire } = await import('node:module');
      console.log(Object.keys(createRequire(process.cwd() + '/').cache).filter((path) => path.includes('/pg')).length);`;

    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program, folder], { cwd: ROOT });
    const control = execFileSync(
      process.execPath,
      ['--input-type=module', '-e', program.replace('const {', "await import('pg'); const {"), folder],
      { cwd: ROOT },
    );

    expect(Number(printed)).toBe(0);
    expect(Number(control)).toBeGreaterThan(0);
  });
});

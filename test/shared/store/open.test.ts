import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../shared/runtime/config.ts';
import { openReadableStore, openWritableStore } from '../../../shared/store/open.ts';

const folder = mkdtempSync(join(tmpdir(), 'open-'));
afterAll(() => rmSync(folder, { recursive: true }));

const nowhere = { DATA_DIR: folder, TSDB_DSN: undefined, DATABASE_URL: undefined };

describe('opening the store', () => {
  it('calls a missing connection string a fault of the configuration, for reading and writing', async () => {
    const config = { ...nowhere, MODE: 'db' as const };

    await expect(openWritableStore(config)).rejects.toThrow(ConfigError);
    await expect(openReadableStore(config)).rejects.toThrow(/TSDB_DSN: is missing/);
  });

  it('calls a connection string that is none a fault of the configuration, without showing it', async () => {
    const config = { ...nowhere, MODE: 'db' as const, DATABASE_URL: 'mysql://user:geheim@host/x' };

    const error = await openWritableStore(config).catch((fault: unknown) => fault);

    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).not.toContain('geheim');
  });
});

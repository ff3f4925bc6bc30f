import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, settingWarnings } from '../../../shared/runtime/config.ts';
import { checkStoreSettings, storeSettings } from '../../../shared/runtime/settings.ts';

const schema = z.object(storeSettings).superRefine(checkStoreSettings);
const DSN = 'postgresql://user:password@host:5432/database';
const modeOf = (env: Record<string, string>) => loadConfig('test', schema, env).MODE;

describe('MODE', () => {
  it.each([
    [{}, 'local'],
    [{ TSDB_DSN: DSN }, 'db'],
    [{ DATABASE_URL: DSN }, 'db'],
    [{ MODE: 'local', TSDB_DSN: DSN }, 'local'],
    [{ MODE: 'db', DATABASE_URL: DSN }, 'db'],
    [{ MODE: 'db', TSDB_DSN: '', DATABASE_URL: DSN }, 'db'],
    [{ TSDB_DSN: '' }, 'local'],
    [{ MODE: 'db', TSDB_DSN: '' }, 'local'],
  ])('of %j is %s', (env, mode) => {
    expect(modeOf(env as Record<string, string>)).toBe(mode);
  });

  it('without any database is an error', () => {
    expect(() => modeOf({ MODE: 'db' })).toThrow(/TSDB_DSN: is missing/);
  });

  it('with an empty database is worth a warning, and nothing else is', () => {
    expect(settingWarnings(schema, { MODE: 'db', TSDB_DSN: '' })).toEqual([{ code: 'STORE_EMBEDDED', name: 'MODE' }]);
    expect(settingWarnings(schema, { TSDB_DSN: DSN })).toEqual([]);
  });
});

describe('a setting under its former name', () => {
  const renamed = z.object({ NEW_NAME: z.string().default('none').meta({ formerly: 'OLD_NAME' }) });

  it('is read, with a warning; the new name wins', () => {
    expect(loadConfig('test', renamed, { OLD_NAME: 'a' }).NEW_NAME).toBe('a');
    expect(loadConfig('test', renamed, { OLD_NAME: 'a', NEW_NAME: 'b' }).NEW_NAME).toBe('b');
    expect(settingWarnings(renamed, { OLD_NAME: 'a' })).toEqual([
      { code: 'SETTING_RENAMED', name: 'NEW_NAME', given: 'OLD_NAME' },
    ]);
  });
});

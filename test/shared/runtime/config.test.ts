import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { type ConfigError, loadConfig, redacted } from '../../../shared/runtime/config.ts';

const load = (env: Record<string, string>) => loadConfig('poller', pollerConfigSchema, env);

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    return (error as ConfigError).issues;
  }
}

describe('loadConfig', () => {
  it('has a default for everything that is needed', () => {
    const config = load({});

    expect(config).toMatchObject({
      POLLER_PORT: 8889,
      CACHE_FILE: '/cache/carbon_cache.json',
      CACHE_TTL_MINUTES: 10,
      POLL_INTERVAL_MINUTES: 5,
    });
    expect(config.ZONES).toEqual(['US-CAL-CISO', 'US-TEX-ERCO', 'US-NY-NYIS', 'US-MIDA-PJM', 'US-MIDW-MISO']);
  });

  it('names every fault at once, with what was given', () => {
    const faults = faultsOf({
      POLLER_PORT: '99999',
      POLL_INTERVAL_MINUTES: 'often',
      ZONES: 'DE,Germany',
      ELECTRICITY_MAPS_URL: 'ftp://x',
      MODE: 'cloud',
    });

    expect(faults).toHaveLength(5);
    expect(faults.join('\n')).toMatch(/POLLER_PORT: "99999".*\n?/);
    expect(faults.join('\n')).toMatch(/POLL_INTERVAL_MINUTES: "often" is not a number above 0/);
  });

  it('says in words of its own what was wanted', () => {
    const faults = faultsOf({ POLLER_PORT: '99999', LOG_LEVEL: 'loud', ZONES: ', ,', SCRAPE_CONCURRENCY: '2.5' });

    expect(faults).toEqual([
      'LOG_LEVEL: "loud" is not one of trace, debug, info, warn, error, silent',
      'POLLER_PORT: "99999" is not a whole number from 0 to 65535',
      'ZONES: ", ," names nothing',
      'SCRAPE_CONCURRENCY: "2.5" is not a whole number from 1 to 256',
    ]);
  });

  it('refuses one port for two servers', () => {
    const both = () => loadConfig('extender', extenderConfigSchema, { EXTENDER_PORT: '5001' });

    expect(both).toThrow('API_PORT: is also EXTENDER_PORT');
    expect(loadConfig('extender', extenderConfigSchema, { EXTENDER_PORT: '0', API_PORT: '0' }).API_PORT).toBe(0);
  });

  it('says which numbers it takes', () => {
    const faults = faultsOf({
      POLLER_PORT: '99999',
      RETENTION_DAYS: '1.5',
      CACHE_TTL_MINUTES: '99999',
      GRID_CONCURRENCY: '',
    });

    expect(faults).toEqual([
      'POLLER_PORT: "99999" is not a whole number from 0 to 65535',
      'CACHE_TTL_MINUTES: "99999" is not a number above 0 and up to 10080',
      'RETENTION_DAYS: "1.5" is not a whole number from 1 to 36500',
    ]);
  });

  it('names faults that show only when settings are seen together, beside those of single ones', () => {
    const faults = faultsOf({ ZONES: 'nowhere', GRID_PROVIDERS: 'watttime', MODE: 'db', WATTTIME_PASSWORD: 'x' });

    expect(faults).toEqual([
      expect.stringContaining('ZONES: "nowhere"'),
      expect.stringContaining('GRID_PROVIDERS: "watttime" names watttime, which needs WATTTIME_USERNAME'),
      expect.stringContaining('WATTTIME_USERNAME: and WATTTIME_PASSWORD are needed together'),
      expect.stringContaining('TSDB_DSN: is missing; MODE=db needs'),
    ]);
  });

  it('shows no password of an address, in lists and in messages neither', () => {
    const address = 'http://kuser:SE%40CRET@h:9102/metrics';
    const shown = redacted(pollerConfigSchema, load({ EXPORTER_URL: `${address},http://plain:1/metrics` }));
    const issues = faultsOf({ EXPORTER_URL: 'ftp://kuser:SECRET@h' });

    expect(shown.EXPORTER_URL).toEqual(['http://kuser:***@h:9102/metrics', 'http://plain:1/metrics']);
    expect(issues.join()).toContain('EXPORTER_URL');
    expect(JSON.stringify([shown, issues])).not.toMatch(/SECRET|CRET/);
  });

  it('shows the zones of nodes as they were understood', () => {
    const shown = redacted(pollerConfigSchema, load({ ZONE_MAP: 'node-a=DE,node-b=UK' }));

    expect(JSON.parse(JSON.stringify(shown)).ZONE_MAP).toEqual({ 'node-a': 'DE', 'node-b': 'GB' });
  });

  it('takes an empty value for an unset one', () => {
    expect(load({ POLLER_PORT: '', POLL_INTERVAL_MINUTES: ' ' })).toMatchObject({
      POLLER_PORT: 8889,
      POLL_INTERVAL_MINUTES: 5,
    });
  });

  it('takes a fraction of a minute', () => {
    expect(load({ POLL_INTERVAL_MINUTES: '0.05' }).POLL_INTERVAL_MINUTES).toBe(0.05);
  });

  it('reads a secret from a file', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'key');
    writeFileSync(path, 'from-the-file\n');

    expect(load({ ELECTRICITY_MAPS_API_KEY_FILE: path }).ELECTRICITY_MAPS_API_KEY).toBe('from-the-file');
    expect(faultsOf({ ELECTRICITY_MAPS_API_KEY_FILE: '/nowhere/key' })).toEqual([
      'ELECTRICITY_MAPS_API_KEY_FILE: cannot be read (ENOENT)',
    ]);
  });

  it('shows no secret', () => {
    const config = load({ ELECTRICITY_MAPS_API_KEY: 'abc-secret', TSDB_DSN: 'postgres://u:pw@h/db' });

    const shown = JSON.stringify(redacted(pollerConfigSchema, config));

    expect(shown).toContain('***');
    expect(shown).not.toMatch(/abc-secret|pw@h/);
  });
});

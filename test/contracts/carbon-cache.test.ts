// Flow: the cache file of document 001: jq and Python read what the poller wrote, and the extender reads the document's own example.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchCache } from '../../extender/cache/cache-watcher.ts';
import { pollerConfigSchema } from '../../poller/config.ts';
import { zone } from '../../shared/grid/zones.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { capturedLog } from '../captured-log.ts';
import { execFile } from '../children.ts';
import { type ElectricityMapsDouble, GOOD_KEY, startElectricityMaps } from '../doubles/electricity-maps.ts';
import { FakeClock } from '../fake-clock.ts';
import { ROOT } from '../laws/sources.ts';
import { available } from '../servers/available.ts';
import { shell, shellJson } from './shell.ts';

const run = promisify(execFile);

/** "Cache Format" of the document. The dots in `sorted_by_carbon` are its own. */
const EXAMPLE = `{
  "timestamp": "2024-01-01T12:00:00",
  "ttl_minutes": 10,
  "regions": {
    "US-CAL-CISO": {
      "zone": "US-CAL-CISO",
      "carbonIntensity": 250.5,
      "datetime": "2024-01-01T12:00:00Z",
      "updatedAt": "2024-01-01T12:00:00Z",
      "createdAt": "2024-01-01T12:00:00Z",
      "emissionFactorType": "lifecycle",
      "isEstimated": false,
      "timestamp": "2024-01-01T12:00:00"
    }
  },
  "sorted_by_carbon": ["US-NY-NYISO", "US-CAL-CISO", ...],
  "best_region": "US-NY-NYISO",
  "worst_region": "US-MIDW-MISO"
}`.replace(', ...', '');
const REGION = JSON.parse(EXAMPLE).regions['US-CAL-CISO'] as Record<string, unknown>;

/** "Example Zones" of the document. */
const ZONES = ['US-CAL-CISO', 'US-TEX-ERCO', 'US-NY-NYISO', 'US-MIDA-PJM', 'US-MIDW-MISO'];

/** A subscriber in Python that knows the document alone: times of writing have no zone, the others end in Z. */
const SUBSCRIBER = `
import json, sys
from datetime import datetime, timedelta
cache = json.load(open(sys.argv[1]))
age = datetime.utcnow() - datetime.fromisoformat(cache["timestamp"])
assert timedelta(seconds=-5) < age < timedelta(minutes=cache["ttl_minutes"]), age
for name, region in cache["regions"].items():
    assert region["zone"] == name
    assert datetime.utcnow() - datetime.fromisoformat(region["timestamp"]) < timedelta(minutes=cache["ttl_minutes"])
    for key in ("datetime", "updatedAt", "createdAt"):
        datetime.strptime(region[key], "%Y-%m-%dT%H:%M:%SZ")
print(min(cache["regions"].values(), key=lambda region: region["carbonIntensity"])["zone"], cache["best_region"])
`;

let folder: string;
let provider: ElectricityMapsDouble;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cache-contract-'));
  provider = await startElectricityMaps({
    ...{ 'US-CAL-CISO': 250.5, 'US-TEX-ERCO': 410, 'US-NY-NYIS': 230, 'US-MIDA-PJM': 380, 'US-MIDW-MISO': 520 },
  });
});

afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** The poller with the document's settings, once; returns where the document's file is. */
async function published(name: string, more: Record<string, string>) {
  const file = join(folder, `${name}.json`);
  const env = {
    ...{ ELECTRICITY_MAPS_API_KEY: GOOD_KEY, POLL_INTERVAL_MINUTES: '5', ZONES: ZONES.join(','), CACHE_FILE: file },
    ...{ ELECTRICITY_MAPS_URL: provider.url.replace('/v4', '/v3'), DATA_DIR: join(folder, name) },
    ...{ GRID_PROVIDERS: 'electricity-maps,yearly-average', ...more },
  };
  await run(process.execPath, ['poller/main.ts', '--once'], { cwd: ROOT, env });
  return { '/cache/carbon_cache.json': file };
}

describe('the settings of document 001', () => {
  it('have its defaults', () => {
    const config = loadConfig('poller', pollerConfigSchema, {});

    expect(config).toMatchObject({
      ...{ POLL_INTERVAL_MINUTES: 5, CACHE_TTL_MINUTES: 10, CACHE_FILE: '/cache/carbon_cache.json' },
    });
    expect(config.ZONES.filter((name) => !name.startsWith('US-'))).toEqual([]);
  });

  it('need no key: yearly averages are labelled, and no promised text is null', { timeout: 60_000 }, async () => {
    const at = await published('keyless', { ELECTRICITY_MAPS_API_KEY: '', GRID_PROVIDERS: 'yearly-average' });

    const { regions } = await shellJson('cat /cache/carbon_cache.json', at);

    expect(Object.keys(regions).sort()).toEqual([...ZONES].sort());
    for (const region of Object.values(regions) as Record<string, unknown>[]) {
      expect(region).toMatchObject({ quality: 'yearly-average', isEstimated: true });
      for (const [key, value] of Object.entries(REGION)) expect(typeof region[key], key).toBe(typeof value);
    }
  });
});

describe('a subscriber of document 001', () => {
  it('finds every key of the document by the names of ZONES', { timeout: 60_000 }, async () => {
    const at = await published('default', {});
    const cache = JSON.parse(readFileSync(at['/cache/carbon_cache.json'], 'utf8'));

    expect(cache).toMatchObject({ ttl_minutes: 10, best_region: 'US-NY-NYISO', worst_region: 'US-MIDW-MISO' });
    expect(cache.sorted_by_carbon).toEqual([
      'US-NY-NYISO',
      'US-CAL-CISO',
      'US-MIDA-PJM',
      'US-TEX-ERCO',
      'US-MIDW-MISO',
    ]);
    expect(Object.keys(cache.regions).sort()).toEqual([...ZONES].sort());
    for (const region of Object.values(cache.regions) as Record<string, unknown>[])
      for (const [key, value] of Object.entries(REGION)) expect(typeof region[key], key).toBe(typeof value);
    expect(cache.regions['US-CAL-CISO']).toMatchObject({ carbonIntensity: 250.5, emissionFactorType: 'lifecycle' });
    expect(provider.requests.some(({ path }) => path === '/v3/zones')).toBe(true);
  });

  it.skipIf(!available('jq', 'apt-get install jq'))('asks with jq', { timeout: 60_000 }, async () => {
    const at = await published('jq', { CACHE_TTL_MINUTES: '3' });
    const jq = async (filter: string) => (await shell(`jq -r '${filter}' /cache/carbon_cache.json`, at)).trim();

    expect(await jq('.best_region')).toBe('US-NY-NYISO');
    expect(await jq('.regions[.best_region].carbonIntensity')).toBe('230');
    expect(await jq('.sorted_by_carbon[-1] == .worst_region')).toBe('true');
    expect(await jq('.ttl_minutes')).toBe('3');
  });

  it.skipIf(!available('python3', 'apt-get install python3'))(
    'parses times without a zone in Python, and by a layout without one',
    { timeout: 60_000 },
    async () => {
      const at = await published('naive', { CACHE_TIMESTAMPS: 'naive' });

      const printed = await shell(`python3 - /cache/carbon_cache.json <<'END'${SUBSCRIBER}END`, at);
      const cache = await shellJson('cat /cache/carbon_cache.json', at);

      expect(printed.trim()).toBe('US-NY-NYISO US-NY-NYISO');
      for (const { timestamp } of [cache, ...(Object.values(cache.regions) as { timestamp: string }[])])
        expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    },
  );
});

describe('a publisher of document 001', () => {
  it('is read by the extender as the document shows its file, fresh for its ttl_minutes', async () => {
    const file = join(folder, 'example.json');
    writeFileSync(file, EXAMPLE);
    const clock = new FakeClock('2024-01-01T12:10:00Z');
    await using cache = watchCache({ file, pollMs: 1000, clock, logger: capturedLog() });
    await cache.firstRead;

    const fresh = cache.state();
    await clock.advance(1000);
    const stale = cache.state();

    expect([fresh.kind, stale.kind]).toEqual(['fresh', 'stale']);
    if (fresh.kind === 'missing') throw new Error(fresh.reason);
    expect([...fresh.snapshot.regions.keys()]).toEqual(['US-CAL-CISO']);
    expect(fresh.snapshot.regions.get(zone('US-CAL-CISO'))).toMatchObject({
      ...{ carbonIntensity: 250.5, quality: 'measured', emissionFactorType: 'lifecycle' },
      ...{ datetime: Date.UTC(2024, 0, 1, 12), fetchedAt: Date.UTC(2024, 0, 1, 12) },
    });
    expect(fresh.snapshot.issues).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zone } from '../../shared/grid/zones.ts';
import { openSqliteNodeZones } from '../shared/store/opened-parts.ts';
import { seedHistory } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, MODE: 'local', CACHE_FILE: '/nowhere/cache.json' };

beforeAll(async () => {
  await seedHistory(folder.path);
  await run(['budget', 'set', '--namespace', 'shop', '--grams', '1000', '--per', 'week'], env);
});
afterAll(() => folder[Symbol.dispose]());

const shop = async (more: Record<string, string>) => {
  const { out } = await run(['budget', 'list', '--json'], { ...env, ...more });
  return JSON.parse(out)[0];
};

// The pod drew 180 W for 24 hours of day and 36 W for 24 of night: 4.32 kWh at 500 and 0.864 kWh at 100 g in DE are
// 2246.4 g; 5.184 kWh at 40 g in FR are 207.36 g.
describe('the use of a namespace', () => {
  it('is priced by the configured zone while the node tells none', async () => {
    const mapped = await shop({ ZONE_MAP: 'node-1=DE', DEFAULT_ZONE: 'FR' });
    const fallback = await shop({ DEFAULT_ZONE: 'FR' });
    const unknown = await shop({});

    expect(mapped).toMatchObject({ used_gCO2e: expect.closeTo(2246.4, 6), zone_source: 'ZONE_MAP' });
    expect(fallback).toMatchObject({ used_gCO2e: expect.closeTo(207.36, 6), zone_source: 'DEFAULT_ZONE' });
    expect(unknown).toMatchObject({ used_gCO2e: null, zone_source: null, state: 'unknown' });
  });

  it('is priced by the zone that the node told, whatever the configuration says', async () => {
    await using nodes = await openSqliteNodeZones(folder.path);
    await nodes.recordNodeZones(new Map([['node-1', zone('FR')]]), Date.parse('2026-03-01T00:00:00Z'));

    const told = await shop({ ZONE_MAP: 'node-1=DE', DEFAULT_ZONE: 'PL' });
    const { out: table } = await run(['budget', 'list'], env);

    expect(told).toMatchObject({ used_gCO2e: expect.closeTo(207.36, 6), zone_source: 'node', coverage: 1 });
    expect(table).toMatch(/Zones from[\s\S]*207\.36.*node/);
  });
});

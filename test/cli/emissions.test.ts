import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld } from '../browser/world.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { hourOfZone, seedHistory } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, ZONE_MAP: 'node-1=DE' };
// 12:00 to 18:00 by day at 180 W and 500 g/kWh, 18:00 to 6:00 by night at 36 W and 100 g/kWh.
const WINDOW = ['--window', '2026-03-14T16:00:00Z,2026-03-14T20:00:00Z'];

beforeAll(() => seedHistory(folder.path));
afterAll(() => folder[Symbol.dispose]());

describe('carbon emissions from a store', () => {
  it('multiplies the energy of each hour by the intensity of that hour', async () => {
    const { code, out } = await run(['emissions', ...WINDOW, '--format', 'json'], env);

    const [row] = JSON.parse(out);
    expect(code).toBe(0);
    // Two hours of 0.18 kWh at 500, and two of 0.036 kWh at 100.
    expect(row.name).toBe('shop');
    expect(row.kwh).toBeCloseTo(0.432, 6);
    expect(row.grams).toBeCloseTo(0.36 * 500 + 0.072 * 100, 6);
    expect(row.unpriced_kwh).toBe(0);
  });

  it('shows what another zone would have changed, by both signals with their signs', async () => {
    const hour = Date.parse('2026-03-14T17:00:00Z');
    {
      await using store = openSqliteWriter(folder.path);
      await store.record(
        (
          [
            ['DE', 300],
            ['FR', 350],
          ] as const
        ).map(([code, value]) => ({ ...hourOfZone(code, hour, value), signal: 'marginal' as const })),
      );
    }

    const { out } = await run(['emissions', ...WINDOW, '--zone', 'FR', '--format', 'json'], env);
    const table = await run(['emissions', ...WINDOW, '--zone', 'FR'], env);

    const [row] = JSON.parse(out);
    expect(row.difference_grams).toBeCloseTo(0.36 * (40 - 500) + 0.072 * (40 - 100), 6);
    expect(row.difference_kwh).toBeCloseTo(0.432, 6);
    expect(row.marginal_difference_grams).toBeCloseTo(0.18 * 50, 6);
    expect(row.marginal_difference_kwh).toBeCloseTo(0.18, 6);
    expect(table.out).toMatch(/Difference g +Difference g \(marginal\)/);
    expect(table.out).toMatch(/-169\.92 +\+9\.00/);
  });

  it.each([
    ['workload', 'shop/checkout-7d9f-abcde'],
    ['pod', 'shop/checkout-7d9f-abcde'],
    ['container', 'shop/checkout-7d9f-abcde/app'],
    ['node', 'node-1'],
  ])('groups by %s', async (by, name) => {
    const { out } = await run(['emissions', ...WINDOW, '--by', by, '--format', 'csv'], env);

    expect(out.split('\r\n')[0]).toBe(`${by},kwh,grams,intensity_g_per_kwh,unpriced_kwh,gpu_joules`);
    expect(out.split('\r\n')[1]?.split(',')[0]).toBe(name);
  });

  it('prices everything with another zone on request', async () => {
    const { out } = await run(['emissions', ...WINDOW, '--zone', 'FR', '--format', 'json'], env);

    expect(JSON.parse(out)[0].grams).toBeCloseTo(0.432 * 40, 6);
  });

  it('shows energy without grams where the zone of a node is not known', async () => {
    const { out } = await run(['emissions', ...WINDOW], { DATA_DIR: folder.path });

    expect(out).toMatch(/shop +0\.4320 +- +- +0\.4320/);
  });

  it.each([
    [['--by', 'team'], '--by: "team" is not one of namespace, workload'],
    [['--window', 'soon'], '--window: "soon" is not a window'],
    [['--limit', '0'], '--limit must be a whole number from 1'],
    [['--window', '2026-01-01T00:00:00Z,2026-01-02T00:00:00Z'], 'no energy is recorded'],
  ])('rejects %j', async (args, message) => {
    const ran = await run(['emissions', ...args], env);

    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.notes).toContain(message);
  });
});

describe('reporting commands with CARBON_API', () => {
  it('read the running API, with its token', async () => {
    await using world = await startWorld({ token: 'secret-of-the-test' });
    const api = { CARBON_API: `${world.url}/`, CARBON_API_TOKEN: 'secret-of-the-test' };

    const emissions = await run(['emissions', '--by', 'pod', '--format', 'json'], api);
    const budgets = await run(['budget', 'list', '--json'], api);
    const zones = await run(['zones', '--json'], api);
    const savings = await run(['savings', '--from', '2020-01-01', '--to', '2090-01-01', '--json'], api);
    const report = await run(['report'], api);

    const expected = await world.get('/api/emissions?window=24h&aggregate=pod&accumulate=true');
    for (const row of JSON.parse(emissions.out)) expect(row).toMatchObject({ grams: expected.data[0][row.name].grams });
    expect(JSON.parse(emissions.out)).toHaveLength(5);
    const used = (rows: { name: string; used_gCO2e: number }[]) => rows.map((row) => [row.name, row.used_gCO2e]);
    expect(used(JSON.parse(budgets.out))).toEqual(used((await world.get('/api/budgets')).budgets));
    expect(JSON.parse(zones.out).map(({ zone }: { zone: string }) => zone)).toEqual(['SE', 'FR', 'ES', 'DE', 'PL']);
    expect(JSON.parse(savings.out).totals[0]).toMatchObject({ baseline: 'candidates-mean', pods: 2 });
    expect(report).toMatchObject({ code: 1, out: '' });
    expect(report.notes).toContain('[NO_RECORDS]');
  });

  it.each([
    [['windows', '--zone', 'DE', '--hours', '2', '--json'], (out: string) => JSON.parse(out).last_7_days],
    [['services', 'list'], String],
    [['power', '--json'], String],
    [['simulate', '--shadow', '--policy', 'now,oracle', '--errors', '', '--json'], String],
  ])('print the same from the API as from its store: %j', async (args, shown) => {
    await using world = await startWorld();
    const now = new Date().toISOString();

    const store = await run(args, { DATA_DIR: world.folder }, 'carbon', now);
    const api = await run(args, { CARBON_API: world.url, DATA_DIR: '/nowhere' }, 'carbon', now);

    expect(store.code).toBe(0);
    expect(api).toMatchObject({ code: 0, notes: '' });
    expect(shown(api.out)).toEqual(shown(store.out));
  });

  it('services measure reads the energy of the API, and is refused where that knows none', async () => {
    await using world = await startWorld({ token: 'secret-of-the-test' });
    const now = new Date().toISOString();
    const args = ['services', 'measure', '--service', 'shop', '--requests', '5000', '--json', '--selector'];
    const api = { CARBON_API: world.url, CARBON_API_TOKEN: 'secret-of-the-test', DATA_DIR: '/nowhere' };

    const fromStore = await run([...args, 'shop/checkout'], { DATA_DIR: world.folder }, 'carbon', now);
    const fromApi = await run([...args, 'shop/checkout'], api, 'carbon', now);
    const nothing = await run([...args, 'shop/none'], api, 'carbon', now);

    expect(fromApi).toMatchObject({ code: 0, notes: '' });
    const [ours, theirs] = [JSON.parse(fromApi.out), JSON.parse(fromStore.out)];
    expect(ours).toEqual({
      ...theirs,
      wh_per_request: expect.closeTo(theirs.wh_per_request, 9),
      measured: { ...theirs.measured, coverage: expect.closeTo(theirs.measured.coverage, 9) },
    });
    expect(theirs.wh_per_request).toBeGreaterThan(0);
    expect(nothing).toMatchObject({ code: 1, out: '' });
  });

  it('windows reads the forecast of the API', async () => {
    await using world = await startWorld();

    const now = new Date().toISOString();
    const { out } = await run(['windows', '--zone', 'DE', '--json'], { CARBON_API: world.url }, 'carbon', now);

    const forecast = await world.get('/api/forecast?zone=DE&hours=4');
    expect(JSON.parse(out).ahead.source).toBe('forecast of recorded-provider');
    expect(JSON.parse(out).ahead.hours).toBe(forecast.zones[0].points.length);
  });

  it('end with 1 for a missing token and a rejected request, and with 2 when nothing responds', async () => {
    await using world = await startWorld({ token: 'secret-of-the-test' });
    const api = { CARBON_API: world.url, CARBON_API_TOKEN: 'secret-of-the-test' };

    const missing = await run(['zones'], { CARBON_API: world.url });
    const rejected = await run(['emissions', '--window', '500d'], api);
    const silent = await run(['zones'], { CARBON_API: 'http://127.0.0.1:1' });

    expect(missing).toMatchObject({ code: 1, notes: expect.stringContaining('[API_UNAUTHORIZED]') });
    expect(rejected).toMatchObject({ code: 1, notes: expect.stringContaining('window is longer than 366 days') });
    expect(silent).toMatchObject({ code: 2, notes: expect.stringContaining('[API_UNREACHABLE]') });
  });
});

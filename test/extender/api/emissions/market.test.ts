import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOULES_PER_KWH } from '../../../../shared/grid/units.ts';
import { run } from '../../../cli/run.ts';
import { start, web } from '../start-api.ts';

// Two hours in DE: 10 kWh, of which 4 idle, with 6 kWh contracted; then 5 kWh. In FR 3 kWh without a contract.
const WINDOW = '2026-01-01T10:00:00Z,2026-01-01T12:00:00Z';
const folder = mkdtempSync(join(tmpdir(), 'contracts-'));
const file = join(folder, 'contracts.yaml');
const idle = { namespace: '__idle__', pod: '__idle__', container: '__idle__', node: 'n1' };
const batch = { ...web, namespace: 'batch', pod: 'job-0' };
const far = { ...web, pod: 'web-1', node: 'n2' };
const unplaced = { ...web, pod: 'web-2', node: 'n9' };
const kwh = (amount: number) => amount * JOULES_PER_KWH;

let api: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  writeFileSync(
    file,
    `contracts:
  - { name: wind, kind: ppa, zone: DE, from: 2026-01-01, to: 2027-01-01, mwh_per_hour: 0.006, grams_per_kwh: 10 }
residual_mix:
  - { zone: DE, from: 2026-01-01, to: 2026-01-01T11:00:00Z, grams_per_kwh: 700, source: AIB 2025 }
`,
  );
  api = await start(undefined, undefined, undefined, { CONTRACTS_FILE: file });
  await api.hour(-2, [web, kwh(4)], [batch, kwh(2)], [idle, kwh(4)]);
  await api.hour(-1, [web, kwh(5)], [far, kwh(3)], [unplaced, kwh(1)]);
  await api.intensity('DE', -2, 300);
  await api.intensity('DE', -1, 300);
  await api.intensity('FR', -1, 50);
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Row {
  readonly market_grams: number | null;
  readonly market_unknown_kwh: number;
  readonly matched_kwh: number;
  readonly matched_share: number | null;
  readonly market_basis: readonly string[];
}

async function rows(query: Record<string, string>): Promise<Record<string, Row>[]> {
  const { body } = await api.get(`/api/emissions?${new URLSearchParams({ window: WINDOW, ...query })}`);
  return body.data;
}

describe('market-based emissions', () => {
  it('give everything that used a grid in an hour the same share of its contracts', async () => {
    const [first] = await rows({ step: '1h', includeIdle: 'true' });

    for (const name of ['shop', 'batch', '__idle__']) expect(first?.[name]?.matched_share, name).toBeCloseTo(0.6, 9);
    // 60 % at 10 g/kWh, the rest at the residual mix.
    expect(first?.batch).toMatchObject({ matched_kwh: expect.closeTo(1.2, 9), market_basis: ['residual-mix'] });
    expect(first?.batch?.market_grams).toBeCloseTo(1.2 * 10 + 0.8 * 700, 6);
  });

  it('never match more than was used, price the rest by its own grid without a residual mix, and say what is unknown', async () => {
    const [, second] = await rows({ step: '1h', aggregate: 'pod' });

    expect(second?.['shop/web-0']).toMatchObject({
      matched_share: 1,
      market_basis: [],
      matched_kwh: expect.closeTo(5, 9),
    });
    expect(second?.['shop/web-1']).toMatchObject({ matched_share: 0, market_basis: ['location-based'] });
    expect(second?.['shop/web-1']?.market_grams).toBeCloseTo(3 * 50, 6);
    expect(second?.['shop/web-2']).toMatchObject({ market_grams: null, market_unknown_kwh: expect.closeTo(1, 9) });
  });

  it('have a matched share for each namespace and month', async () => {
    const [january] = await rows({ accumulate: 'month' });

    // Shop: 2.4 of 4 kWh, 5 of 5, 0 of 3 and 0 of 1.
    expect(january?.shop?.matched_share).toBeCloseTo(7.4 / 13, 9);
  });

  it('of one namespace are those that it has beside all others', async () => {
    const [all] = await rows({});
    const [alone] = await rows({ namespace: 'batch' });

    expect(alone?.batch).toEqual(all?.batch);
  });

  it('add up to the same total with idle energy beside the rows and shared among them', async () => {
    const total = (data: Record<string, Row>[], field: 'market_grams' | 'matched_kwh') =>
      data.flatMap((set) => Object.values(set)).reduce((sum, row) => sum + (row[field] ?? 0), 0);
    const beside = await rows({ includeIdle: 'true' });
    const shared = await rows({ shareIdle: 'true', aggregate: 'pod' });

    expect(total(shared, 'market_grams')).toBeCloseTo(total(beside, 'market_grams'), 6);
    expect(total(shared, 'matched_kwh')).toBeCloseTo(6 + 5, 9);
  });

  it('have no place where another zone prices everything', async () => {
    expect((await rows({ zone: 'FR' }))[0]?.shop).not.toHaveProperty('market_grams');
  });

  it('are in exports and in carbon emissions, from the store as from the API', async () => {
    const store = { DATA_DIR: api.folder, ZONE_MAP: 'n1=DE,n2=FR', CONTRACTS_FILE: file };
    const args = ['emissions', '--window', WINDOW, '--format', 'json'];
    const [january] = await rows({});

    const fromStore = JSON.parse((await run(args, store)).out);
    const fromApi = JSON.parse((await run(args, { CARBON_API: api.url })).out);
    const table = await run(['emissions', '--window', WINDOW], store);
    const { bytes } = await run(['export', '--window', WINDOW, '--namespace', 'shop'], store);

    const shop = fromApi.find(({ name }: { name: string }) => name === 'shop');
    expect(shop).toMatchObject({
      market_grams: january?.shop?.market_grams,
      matched_share: january?.shop?.matched_share,
    });
    expect(fromStore.find(({ name }: { name: string }) => name === 'shop')).toEqual({
      ...shop,
      ...{ kwh: expect.closeTo(shop.kwh, 9), grams: expect.closeTo(shop.grams, 6) },
      ...{
        intensity_g_per_kwh: expect.closeTo(shop.intensity_g_per_kwh, 6),
        unpriced_kwh: expect.closeTo(shop.unpriced_kwh, 9),
      },
      ...{ market_grams: expect.closeTo(shop.market_grams, 6), market_unknown_kwh: expect.closeTo(1, 9) },
      ...{ matched_kwh: expect.closeTo(7.4, 9), matched_share: expect.closeTo(7.4 / 13, 9) },
    });
    expect(table.out).toMatch(/Market gCO2e +Matched +Rest by/);
    const exported = parse<Record<string, string>>(bytes, { columns: true });
    const sum = exported.reduce((total, row) => total + Number(row.x_CarbonMarketGrams), 0);
    expect(sum).toBeCloseTo(january?.shop?.market_grams ?? 0, 6);
  });

  it('are explained by /api/status where a contract matches nothing', async () => {
    const lost = join(folder, 'lost.yaml');
    const own = 'from: 2026-01-01, to: 2027-01-01, mwh_per_hour: 1, grams_per_kwh: 0';
    writeFileSync(
      lost,
      `contracts:\n  - { name: a, kind: ppa, zone: PL, ${own} }\n  - { name: b, kind: ppa, zone: DE, ${own} }\n`,
    );
    await using other = await start(undefined, undefined, undefined, { CONTRACTS_FILE: lost });
    await other.hour(-1, [web, kwh(1)]);

    const status = await other.get('/api/status');

    expect(status.body.contracts_without_effect).toEqual([
      { contract: 'a', reason: 'no-node-in-zone', problem: expect.stringContaining('nodes are in DE') },
    ]);
    expect((await api.get('/api/status')).body.contracts_without_effect).toEqual([]);
  });

  it('need a file that can be read, and say what is wrong with it', async () => {
    const missing = await run(['emissions'], { DATA_DIR: api.folder, CONTRACTS_FILE: join(folder, 'none.yaml') });
    writeFileSync(join(folder, 'bad.yaml'), 'contracts: [{ zone: DE }]');
    const bad = await run(['emissions'], { DATA_DIR: api.folder, CONTRACTS_FILE: join(folder, 'bad.yaml') });

    expect(missing).toMatchObject({ code: 1, notes: expect.stringContaining('[CONTRACTS_FILE_UNREADABLE]') });
    expect(bad).toMatchObject({ code: 1, notes: expect.stringContaining('contracts.0.name (line 1): ') });
  });
});

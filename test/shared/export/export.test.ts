import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import { readParquet } from 'parquet-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ActivityExport, exportedActivity } from '../../../shared/export/export.ts';
import { gramsPerKwh, HOUR_MS, JOULES_PER_KWH, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { facilityOf } from '../../../shared/power-model/facility.ts';
import type { Container } from '../../../shared/records/power.ts';
import { openSqliteWriter } from '../store/opened-parts.ts';

const DAY = Date.parse('2026-01-31T00:00:00Z');
const RANGE = { from: DAY, to: DAY + 48 * HOUR_MS };
const web: Container = { namespace: 'shop', pod: 'web-7d4b9c6f5-x2k9p', container: 'app', node: 'n1' };
const vm: Container = {
  ...{ namespace: 'batch', pod: 'report', container: '=run', node: 'n2' },
  powerQuality: 'modelled',
  powerModel: { name: 'aws:m5.large', low: 0.8, high: 1.5 },
};
const unplaced: Container = { namespace: 'shop', pod: 'cache-0', container: 'app', node: 'n9' };

/** n1 has a PUE and 20 g an hour, n2 10 g an hour, n9 nothing. */
const FACILITY = facilityOf(new Map(), {
  pue: new Map([['n1', 1.25]]),
  embodiedKg: new Map([
    ['n1', 701.28],
    ['n2', 350.64],
  ]),
  lifetimeYears: 4,
});

let store: ReturnType<typeof openSqliteWriter>;
const folder = mkdtempSync(join(tmpdir(), 'export-'));

beforeAll(async () => {
  store = openSqliteWriter(folder);
  for (let hour = 20; hour < 28; hour += 1) {
    const start = DAY + hour * HOUR_MS;
    const samples = [web, vm, unplaced].map((container, at) => ({
      ...{ container, start, end: start + HOUR_MS / 2, joules: joules((at + 1) * JOULES_PER_KWH) },
    }));
    await store.append({ target: 't', samples });
    const facts = { provider: 'grid-test', signal: 'average' as const, quality: 'measured' as const };
    // DE lacks one hour.
    if (hour !== 22)
      await store.record([{ ...facts, zone: zone('DE'), hour: start, carbonIntensity: gramsPerKwh(100 * hour) }]);
  }
  await store.recordLabels?.([{ namespace: 'shop', pod: web.pod, labels: { app: 'web' } }], DAY);
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function bytesOf(query: Omit<ActivityExport, 'range'>): Promise<Buffer> {
  const zoneOfNode = (node: string) => ({ n1: zone('DE'), n2: zone('SE') })[node];
  const source = { store, zoneOfNode, prices: new Map([[zone('DE'), 0.4]]), facility: FACILITY };
  const pieces = exportedActivity(source, { cluster: 'north', currency: 'EUR' }, { range: RANGE, ...query });
  return Buffer.concat(await Array.fromAsync(pieces));
}

async function csvOf(query: Omit<ActivityExport, 'range'>): Promise<Record<string, string>[]> {
  return parse(await bytesOf(query), { columns: true });
}

describe('an export', () => {
  it('has one row for each container and day, at FOCUS’ charge and billing periods', async () => {
    const rows = await csvOf({ format: 'focus', by: 'day' });

    expect(rows.map(({ ChargePeriodStart, x_Namespace, x_Pod }) => [ChargePeriodStart, x_Namespace, x_Pod])).toEqual([
      ['2026-01-31T00:00:00Z', 'batch', 'report'],
      ['2026-01-31T00:00:00Z', 'shop', 'cache-0'],
      ['2026-01-31T00:00:00Z', 'shop', web.pod],
      ['2026-02-01T00:00:00Z', 'batch', 'report'],
      ['2026-02-01T00:00:00Z', 'shop', 'cache-0'],
      ['2026-02-01T00:00:00Z', 'shop', web.pod],
    ]);
    expect(rows[2]).toMatchObject({
      ...{ BillingPeriodStart: '2026-01-01T00:00:00Z', BillingPeriodEnd: '2026-02-01T00:00:00Z' },
      ...{
        ConsumedQuantity: '4',
        ConsumedUnit: 'kWh',
        BillingCurrency: 'EUR',
        BilledCost: '1.6',
        PricingQuantity: '4',
      },
      ...{ Tags: '{"app":"web"}', x_Workload: 'web', x_GridZone: 'DE', x_EnergyMeasuredMinutes: '120' },
      // Three of four hours: 2000, 2100 and 2300 g/kWh.
      ...{ x_CarbonLocationGrams: '6400', x_CarbonUnknownEnergyKwh: '1', x_CarbonIntensitySource: 'grid-test' },
    });
  });

  it('has energy of a node that no container used as that of the node', async () => {
    await using more = openSqliteWriter(mkdtempSync(join(folder, 'nodes-')));
    const samples = ['__idle__', '__system__', '__unmetered__'].map((name) => ({
      container: { namespace: name, pod: name, container: name, node: 'n1' },
      ...{ start: DAY, end: DAY + HOUR_MS, joules: joules(JOULES_PER_KWH) },
    }));
    await more.append({ target: 't', samples });
    const pieces = exportedActivity(
      { store: more, zoneOfNode: () => undefined },
      { cluster: 'c', currency: null },
      { range: RANGE, format: 'focus', by: 'day' },
    );

    const rows = parse<Record<string, string>>(Buffer.concat(await Array.fromAsync(pieces)), { columns: true });

    expect(rows.map(({ ResourceType, ChargeDescription }) => [ResourceType, ChargeDescription])).toEqual([
      ['Node', 'Electricity of node n1 while idle'],
      ['Node', 'Electricity of node n1 outside containers'],
      ['Node', 'Electricity of node n1 that its meter counted beyond'],
    ]);
  });

  it('leaves what is not known empty: never 0, and without a price no cost', async () => {
    const [modelled, placeless] = await csvOf({ format: 'focus', by: 'day' });

    expect(modelled).toMatchObject({ x_EnergyKwh: '8', x_EnergyLowKwh: '6.4', x_EnergyHighKwh: '12' });
    expect(modelled).toMatchObject({ BilledCost: '', PricingQuantity: '', x_CarbonIntensityQuality: 'yearly-average' });
    expect(placeless).toMatchObject({
      ...{ x_EnergyKwh: '12', x_CarbonLocationGrams: '', x_CarbonUnknownEnergyKwh: '12', x_GridZone: '', Tags: '{}' },
    });
  });

  it('has the energy of the building and the making of machines, shared by the energy of the node, and empty where unknown', async () => {
    const [modelled, placeless, placed] = await csvOf({ format: 'focus', by: 'day' });
    const hours = await csvOf({ format: 'csv', by: 'hour', namespace: 'shop' });

    expect(placed).toMatchObject({ x_EnergyFacilityKwh: '5' });
    // 701.28 kg over four years are 20 g an hour; power is known for half of each of four hours.
    expect(Number(placed?.x_CarbonEmbodiedGrams)).toBeCloseTo(40, 9);
    expect(Number(modelled?.x_CarbonEmbodiedGrams)).toBeCloseTo(4 * 5, 9);
    expect(modelled).toMatchObject({ x_EnergyFacilityKwh: '' });
    expect(placeless).toMatchObject({ x_EnergyFacilityKwh: '', x_CarbonEmbodiedGrams: '' });
    expect(hours.map(({ embodied_grams }) => embodied_grams).filter((grams) => grams !== '')).toHaveLength(8);
    expect(
      hours.every(({ facility_kwh, kwh, node }) => facility_kwh === (node === 'n1' ? `${1.25 * Number(kwh)}` : '')),
    ).toBe(true);
  });

  it('of one namespace has its share of a machine that others use, too', async () => {
    const other = { ...web, namespace: 'labs' };
    await using more = openSqliteWriter(mkdtempSync(join(folder, 'shared-')));
    await more.append({
      target: 't',
      samples: [
        { container: web, start: DAY, end: DAY + HOUR_MS, joules: joules(JOULES_PER_KWH) },
        { container: other, start: DAY, end: DAY + HOUR_MS, joules: joules(3 * JOULES_PER_KWH) },
      ],
    });
    const pieces = exportedActivity(
      { store: more, zoneOfNode: () => undefined, facility: FACILITY },
      { cluster: 'c', currency: null },
      { range: RANGE, by: 'day', format: 'json', namespace: 'shop' },
    );

    const rows = JSON.parse(Buffer.concat(await Array.fromAsync(pieces)).toString());

    expect(rows).toMatchObject([{ namespace: 'shop', kwh: 1, embodied_grams: expect.closeTo(5, 9) }]);
  });

  it('keeps a spreadsheet from running a name as a formula', async () => {
    expect((await csvOf({ format: 'csv', by: 'day' }))[0]?.container).toBe("'=run");
  });

  it('by hour has the rows of each hour, which add up to the day', async () => {
    const hours = await csvOf({ format: 'csv', by: 'hour', namespace: 'shop' });
    const days = await csvOf({ format: 'csv', by: 'day', namespace: 'shop' });

    expect(hours).toHaveLength(16);
    for (const field of ['kwh', 'grams', 'unpriced_kwh', 'cost', 'measured_minutes', 'facility_kwh', 'embodied_grams'])
      expect(total(hours, field), field).toBeCloseTo(total(days, field), 9);
  });

  it('is the same in JSON, CSV and Parquet, which another reader reads', async () => {
    const csv = await csvOf({ format: 'csv', by: 'hour' });
    const json = JSON.parse((await bytesOf({ format: 'json', by: 'hour' })).toString());
    const parquet = await parquetOf({ format: 'parquet', by: 'hour', columns: 'plain' });

    expect(json).toHaveLength(csv.length);
    expect(parquet).toEqual(json);
    const asText = (value: unknown) => (value === '=run' ? "'=run" : String(value ?? ''));
    expect(csv).toEqual(
      json.map((row: object) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, asText(v)]))),
    );
  });

  it('as Parquet has the columns of FOCUS in the order of its CSV', async () => {
    const header = (await bytesOf({ format: 'focus', by: 'day' })).toString().split('\r\n')[0];

    const [row] = await parquetOf({ format: 'parquet', by: 'day' });

    expect(Object.keys(row ?? {}).join(',')).toBe(header);
  });

  it('of a time without records is empty but valid', async () => {
    const range = { from: 0, to: 24 * HOUR_MS };
    const of = async (format: ActivityExport['format']) =>
      Buffer.concat(
        await Array.fromAsync(
          exportedActivity(
            { store, zoneOfNode: () => undefined },
            { cluster: 'c', currency: null },
            { range, by: 'day', format },
          ),
        ),
      );

    expect(JSON.parse((await of('json')).toString())).toEqual([]);
    expect(rowsOf(await of('parquet'))).toEqual([]);
    expect((await of('csv')).toString()).toMatch(/^start,end,[^\r]*\r\n$/);
  });
});

function total(rows: readonly Record<string, string>[], field: string): number {
  return rows.reduce((sum, row) => sum + Number(row[field]), 0);
}

async function parquetOf(query: Omit<ActivityExport, 'range'>): Promise<Record<string, unknown>[]> {
  return rowsOf(await bytesOf(query));
}

/** Rows as Apache Arrow's own readers see them. */
function rowsOf(bytes: Buffer): Record<string, unknown>[] {
  const table = tableFromIPC(readParquet(bytes).intoIPCStream());
  const times = new Set(
    table.schema.fields.filter(({ type }) => String(type).startsWith('Timestamp')).map(({ name }) => name),
  );
  return table.toArray().map((row) => {
    const plain = row.toJSON() as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [
        name,
        times.has(name) ? new Date(Number(value)).toISOString() : value,
      ]),
    );
  });
}

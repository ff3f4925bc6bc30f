import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start, web } from '../extender/api/start-api.ts';
import { seedHistory } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, ZONE_MAP: 'node-1=DE', CLUSTER_NAME: 'north' };
const WINDOW = ['--window', '2026-03-14T16:00:00Z,2026-03-14T20:00:00Z'];

beforeAll(() => seedHistory(folder.path));
afterAll(() => folder[Symbol.dispose]());

describe('carbon export', () => {
  it('writes FOCUS rows from a store', async () => {
    const { code, bytes } = await run(['export', ...WINDOW, '--by', 'day'], env);
    const [row, ...rest] = parse<Record<string, string>>(bytes, { columns: true });

    expect([code, rest]).toEqual([0, []]);
    expect(row).toMatchObject({
      ServiceName: 'Kubernetes',
      SubAccountId: 'shop',
      x_Cluster: 'north',
      x_GridZone: 'DE',
    });
    // Two hours of 0.18 kWh at 500, and two of 0.036 kWh at 100.
    expect(Number(row?.x_CarbonLocationGrams)).toBeCloseTo(0.36 * 500 + 0.072 * 100, 6);
  });

  it('writes a file that appears whole', async () => {
    const file = join(folder.path, 'rows.json');

    await run(['export', ...WINDOW, '--format', 'json', '--by', 'hour', '--output', file], env);

    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(4);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it.each([
    [['--format', 'xls'], '--format: "xls" is not one of focus, csv, parquet, json'],
    [['--by', 'week'], '--by: "week" is not one of hour, day'],
    [['--window', 'soon'], '--window: "soon" is not a window'],
    [['--window', '45m'], '--window: "45m" does not begin and end at full hours'],
    [['--columns', 'all'], '--columns: "all" is not one of focus, plain'],
  ])('rejects %j', async (args, message) => {
    const ran = await run(['export', ...args], env);

    expect(ran.code).toBe(1);
    expect(ran.notes).toContain(message);
    expect(ran.bytes).toHaveLength(0);
  });

  it('says so where the file cannot be written', async () => {
    const { code, notes } = await run(['export', ...WINDOW, '--output', '/nowhere/rows.csv'], env);

    expect(code).toBe(3);
    expect(notes).toContain('--output: could not write /nowhere/rows.csv');
  });

  it('with CARBON_API writes the rows of the running API, which add up to its allocations', async () => {
    await using api = await start();
    await api.hour(-2, [web, 7_200_000], [{ ...web, namespace: 'batch', node: 'n2' }, 3_600_000]);
    await api.hour(-1, [web, 3_600_000]);
    await api.intensity('DE', -2, 300);
    await api.intensity('DE', -1, 500);
    const window = '2026-01-01T08:00:00Z,2026-01-01T12:00:00Z';

    const { bytes } = await run(['export', '--window', window, '--by', 'hour', '--format', 'csv'], {
      CARBON_API: api.url,
    });
    const rejected = await run(['export', '--window', '500d'], { CARBON_API: api.url });

    const rows = parse<Record<string, string>>(bytes, { columns: true });
    const { body } = await api.get(`/api/emissions?window=${window}&aggregate=namespace`);
    const sum = (namespace: string, field: string) =>
      rows.filter((row) => row.namespace === namespace).reduce((total, row) => total + Number(row[field]), 0);
    expect(sum('shop', 'grams')).toBeCloseTo(body.data[0].shop.grams, 6);
    expect(sum('shop', 'grams')).toBeCloseTo(2 * 300 + 500, 6);
    expect(sum('batch', 'kwh')).toBeCloseTo(body.data[0].batch.kwh, 9);
    expect(rejected).toMatchObject({ code: 1, notes: expect.stringContaining('longer than 366 days') });
  });
});

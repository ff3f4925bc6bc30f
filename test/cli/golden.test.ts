// Flow: the output of each command against its golden file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedCache, seedHistory } from './history.ts';
import { expectGolden, run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, CACHE_FILE: join(folder.path, 'carbon_cache.json'), ZONE_MAP: 'node-1=DE' };

const WEEK = ['--from', '2026-03-14', '--to', '2026-03-15'];
const RECORDS = `service_name,region,period_start,period_end,request_count,total_kWh
q2q-ai,us-east-1,2026-03-14T12:00Z,2026-03-14T18:00Z,60000,
q2q-ai,FR,2026-03-14T12:00Z,2026-03-14T18:00Z,40000,
reporting,DE,2026-03-14T12:00Z,2026-03-15T00:00Z,1000,
ledger,DE,2026-03-14T12:00Z,2026-03-15T00:00Z,200,1.5
q2q-ai,us-east-1,2026-03-13T13:00Z,2026-03-13T19:00Z,30000,
`;

beforeAll(async () => {
  await seedHistory(folder.path);
  seedCache(folder.path);
  writeFileSync(join(folder.path, 'records.csv'), RECORDS);
  writeFileSync(join(folder.path, 'usage.csv'), 'hour,requests\n2026-03-14T02:00Z,900\n2026-03-14T10:00Z,100\n');
  writeFileSync(
    join(folder.path, 'services.yaml'),
    'services:\n  q2q-ai: 0.4 # replaces\n  checkout: { wh_per_request: 0.25, source: "load test", pue: 1.2, embodied_g_per_request: 0.01 }\n  batch:\n    wh_per_request: 2\n    embodied: { total_kg: 1460, lifetime_years: 4, share: 0.25 }\n',
  );
});

afterAll(() => folder[Symbol.dispose]());

describe('golden outputs', () => {
  // In this order: later commands read what earlier ones saved.
  it.each([
    ['calculate', ['calculate', '--service', 'q2q-ai', '--region', 'us-east-1', '--requests', '100000']],
    ['calculate-json', ['calculate', '--service', 'q2q-ai', '--region', 'us-east-1', '--requests', '100000', '--json']],
    [
      'calculate-two-price-day',
      ['calculate', '--service', 'reporting', '--region', 'DE', '--requests', '1000', ...WEEK],
    ],
    [
      'calculate-usage',
      ['calculate', '--service', 'reporting', '--region', 'DE', '--requests', '1000', ...WEEK, '--usage', 'usage.csv'],
    ],
    [
      'calculate-selector',
      [
        'calculate',
        '--service',
        'reporting',
        '--region',
        'DE',
        '--requests',
        '1000',
        ...WEEK,
        '--selector',
        'shop/checkout',
      ],
    ],
    [
      'calculate-sci-hardware',
      [
        'calculate',
        '--service',
        'batch',
        '--region',
        'FR',
        '--requests',
        '500',
        '--services',
        'services.yaml',
        '--sci',
      ],
    ],
    [
      'calculate-sci',
      [
        'calculate',
        '--service',
        'checkout',
        '--region',
        'FR',
        '--requests',
        '1000',
        '--services',
        'services.yaml',
        '--sci',
      ],
    ],
    [
      'calculate-sci-unknown-m',
      ['calculate', '--service', 'q2q-ai', '--region', 'FR', '--requests', '1000', '--sci', '--pue', '1.5'],
    ],
    ['calculate-yearly', ['calculate', '--service', 'q2q-ai', '--region', 'PL', '--requests', '1000']],
    ['services-list', ['services', 'list', '--services', 'services.yaml']],
    ['services-list-json', ['services', 'list', '--json']],
    [
      'services-measure',
      ['services', 'measure', '--service', 'checkout', '--selector', 'shop/checkout', '--requests', '25920'],
    ],
    ['import', ['workloads', 'import', 'records.csv']],
    ['import-again', ['workloads', 'import', 'records.csv']],
    ['budget-set', ['budget', 'set', '--service', 'q2q-ai', '--grams', '20000']],
    ['budget-set-namespace', ['budget', 'set', '--namespace', 'shop', '--grams', '1000', '--per', 'week']],
    ['budget-list', ['budget', 'list']],
    ['budget-list-json', ['budget', 'list', '--json']],
    ['report', ['report', '--period', 'last-24h']],
    ['report-json', ['report', '--period', 'last-24h', '--format', 'json']],
    ['report-csv', ['report', '--period', 'last-24h', '--format', 'csv']],
    ['report-markdown', ['report', '--period', '2026-03-13..2026-03-15', '--format', 'markdown']],
    ['budget-remove', ['budget', 'remove', '--service', 'q2q-ai']],
    ['zones', ['zones']],
    ['zones-json', ['zones', '--json']],
    ['windows', ['windows', '--zone', 'DE', '--hours', '4']],
    ['windows-json', ['windows', '--zone', 'DE', '--hours', '4', '--count', '1', '--json']],
    ['help-calculate', ['calculate', '--help']],
    ['help-report', ['report', '--help']],
  ])('%s', async (name, args) => {
    const ran = await run(inFolder(args), env);

    expect(ran.code).toBe(0);
    expectGolden(`${name}.txt`, written(ran));
  });

  it.each([
    ['flat-calculate', ['--service', 'q2q-ai', '--region', 'us-east-1', '--requests', '100000']],
    ['flat-report', ['--report', '--period', 'last-24h']],
    ['flat-list', ['--list']],
    ['flat-help', ['--help']],
  ])('co2e-calculator: %s', async (name, args) => {
    const ran = await run(inFolder(args), env, 'co2e-calculator');

    expect(ran.code).toBe(0);
    expectGolden(`${name}.txt`, written(ran));
  });
});

function inFolder(args: readonly string[]): string[] {
  return args.map((arg) => (/\.(csv|yaml)$/.test(arg) ? join(folder.path, arg) : arg));
}

function written({ out, notes }: { out: string; notes: string }): string {
  return `${out}${notes && `--- standard error\n${notes}`}`.replaceAll(folder.path, 'FOLDER');
}

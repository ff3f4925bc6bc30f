// Flow: the calculator commands and the module of document 002, as that document writes them.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calculateEmissions, SERVICE_PROFILES } from '../../shared/calculator/index.ts';
import { HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { hourOfZone } from '../cli/history.ts';
import { temporaryFolder } from '../cli/run.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { makeCheckout } from './checkout.ts';

const folder = temporaryFolder();
const { checkout, path } = makeCheckout(folder.path);

/** Runs a command of the document in a shell; `ts-node` is this Node, and the document's script is ours. */
function shell(command: string) {
  const env = { PATH: path, DATA_DIR: folder.path };
  const ran = spawnSync('bash', ['-c', command], { cwd: checkout, env, encoding: 'utf8' });
  return { code: ran.status, out: ran.stdout, error: ran.stderr };
}

/** The value after a label of the printed lines, as `awk -F': +'` takes it. */
const lineValue = (out: string, label: string) => new RegExp(`^${label}: +(.*)$`, 'm').exec(out)?.[1];

beforeAll(async () => {
  await using store = openSqliteWriter(folder.path);
  const newest = hourOf(Date.now());
  const hours = Array.from({ length: 48 }, (_, back) => newest - back * HOUR_MS);
  await store.record(hours.flatMap((hour) => [hourOfZone('US-MIDA-PJM', hour, 450.25), hourOfZone('DE', hour, 280.5)]));
});
afterAll(() => folder[Symbol.dispose]());

describe('the calculator of document 002', () => {
  it('prints the lines of "Calculate emissions for a workload"', () => {
    const { code, out } = shell(`ts-node scripts/finops/co2e-calculator.ts \\
  --service q2q-ai \\
  --region us-east-1 \\
  --requests 100000`);

    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 7)).toEqual([
      'Service:          q2q-ai',
      'Region:           us-east-1',
      'Requests:         100,000',
      'Total Energy:     50.000000 kWh',
      'Total Emissions:  22512.5000 gCO2e',
      'Per 1k Requests:  225.1250 gCO2e',
      'Grid Intensity:   450.25 gCO2/kWh (avg)',
    ]);
  });

  it('reports what was calculated before: "Test Calculator"', () => {
    const calculated = shell(`ts-node scripts/finops/co2e-calculator.ts \\
  --service reporting \\
  --region us-east-1 \\
  --requests 50000`);
    const { code, out } = shell('ts-node scripts/finops/co2e-calculator.ts --report --period last-24h');

    expect([calculated.code, code]).toEqual([0, 0]);
    expect(out).toMatch(/^={40}\nEmissions Report: last-24h\n={40}\n\nService +Region +Requests +Energy \(kWh\)/);
    const row = out.split('\n').find((line) => line.startsWith('reporting'));
    expect(row?.split(/ +/)).toEqual(['reporting', 'us-east-1', '50,000', '5.000', '2,251.25', '45.0250']);
    expect(out).toMatch(/^TOTAL +[\d,]+ +[\d,.]+ +[\d,.]+$/m);
    expect(out).toMatch(/^Carbon Equivalent:\n {2}[\d.,]+ kg CO2e\n {2}≈ [\d.,]+ miles driven by average car\n {2}≈ /m);
  });

  it('reports on the last 7 days', () => {
    const { code, out } = shell('ts-node scripts/finops/co2e-calculator.ts --report --period last-7d');

    expect(code).toBe(0);
    expect(out).toContain('Emissions Report: last-7d');
  });

  it('compares regions: EU-CENTRAL-1 emits 38 % less', () => {
    const grams = (region: string) => {
      const { out } = shell(`ts-node scripts/finops/co2e-calculator.ts \\
  --service data-sync --region ${region} --requests 10000`);
      return Number.parseFloat(lineValue(out, 'Total Emissions') ?? '');
    };

    expect(1 - grams('eu-central-1') / grams('us-east-1')).toBeCloseTo(0.377, 3);
  });

  it('lists the five services', () => {
    const { code, out } = shell('ts-node scripts/finops/co2e-calculator.ts --list');

    expect(code).toBe(0);
    for (const service of ['q2q-ai', 'reporting', 'api-gateway', 'data-sync', 'notification'])
      expect(out).toContain(service);
  });

  it('is a module: positional arguments, an awaitable result, and the profiles', async () => {
    const result = await calculateEmissions('q2q-ai', 'us-east-1', 1000);

    expect(result.total_kWh).toBeCloseTo(0.5);
    expect(result.total_gCO2e).toBeGreaterThan(0);
    expect(SERVICE_PROFILES['q2q-ai']?.wh_per_request).toBe(0.5);
  });
});

import { describe, expect, it } from 'vitest';
import { HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { hourOfZone, seedHistory } from './history.ts';
import { NOW, run, temporaryFolder } from './run.ts';

const HOUR = hourOf(Date.parse(NOW));
const ask = ['calculate', '--service', 'q2q-ai', '--region', 'DE', '--requests', '1000', '--json'];

describe('carbon calculate without a period', () => {
  it('uses the hour in progress in the first hour of a new poller, and says how little that is', async () => {
    using folder = temporaryFolder();
    {
      await using store = openSqliteWriter(folder.path);
      await store.record([hourOfZone('DE', HOUR, 250)]);
    }

    const result = JSON.parse((await run(ask, { DATA_DIR: folder.path })).out);

    expect(result).toMatchObject({ total_gCO2e: 125, intensity: { quality: 'measured', coverage: 1 / 24 } });
    expect(Date.parse(result.period.to)).toBe(HOUR + HOUR_MS);
  });

  it('answers with the labelled yearly average when there is no history at all, and makes no file', async () => {
    using folder = temporaryFolder();

    const ran = await run(ask, { DATA_DIR: folder.path });
    const report = await run(['report'], { DATA_DIR: folder.path });

    expect(JSON.parse(ran.out).intensity).toMatchObject({ quality: 'yearly-average', source: 'electricity-maps 2025' });
    expect(report).toMatchObject({ code: 1, out: '' });
    expect(report.notes).toContain('no records exist yet');
  });
});

describe('carbon calculate --save', () => {
  it('saved twice is one record', async () => {
    using folder = temporaryFolder();
    await seedHistory(folder.path);
    const env = { DATA_DIR: folder.path };

    const first = await run([...ask, '--save'], env);
    await run([...ask, '--save'], env);
    const report = await run(['report', '--period', 'last-24h', '--format', 'json'], env);

    expect(JSON.parse(report.out).totals).toMatchObject({
      requests: 1000,
      total_gCO2e: JSON.parse(first.out).total_gCO2e,
    });
  });

  it('is also what the flat program does', async () => {
    using folder = temporaryFolder();
    const env = { DATA_DIR: folder.path };
    await run(['--service', 'q2q-ai', '--region', 'DE', '--requests', '10'], env, 'co2e-calculator');

    const report = await run(['--report', '--period', 'last-24h', '--json'], env, 'co2e-calculator');
    const nothing = await run(['--service', 'q2q-ai'], env, 'co2e-calculator');

    expect(JSON.parse(report.out).totals.requests).toBe(10);
    expect(nothing).toMatchObject({ code: 1, out: '' });
    expect(nothing.notes).toContain('missing: --region, --requests');
  });

  it('is reported whole in the first hour of a history, too', async () => {
    using folder = temporaryFolder();
    const env = { DATA_DIR: folder.path };
    await using store = openSqliteWriter(folder.path);
    await store.record([hourOfZone('DE', HOUR, 280.5)]);
    await run(['--service', 'q2q-ai', '--region', 'DE', '--requests', '100000'], env, 'co2e-calculator');

    const report = await run(['--report', '--period', 'last-24h', '--json'], env, 'co2e-calculator');

    expect(JSON.parse(report.out)).toMatchObject({ totals: { requests: 100_000, total_kWh: 50 }, notes: [] });
  });

  it('is left out by the flat program with --no-save', async () => {
    using folder = temporaryFolder();
    const env = { DATA_DIR: folder.path };
    await run(['--service', 'q2q-ai', '--region', 'DE', '--requests', '10', '--no-save'], env, 'co2e-calculator');

    const report = await run(['--report'], env, 'co2e-calculator');

    expect(report).toMatchObject({ code: 1, out: '' });
  });
});

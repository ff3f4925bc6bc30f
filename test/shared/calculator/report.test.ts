import { describe, expect, it } from 'vitest';
import { reportOn } from '../../../shared/calculator/report.ts';
import { record } from './saved-record.ts';

const PERIOD = { from: 0, to: 100 };

describe('reportOn', () => {
  it('compares regions with the cleanest, cleanest first, and those alike by name', () => {
    const at = (region: string, grams: number) => record(0, 100, { region, total_gCO2e: grams });

    const report = reportOn([at('PL', 600), at('SE', 40), at('FR', 40)], PERIOD);

    expect(report?.regions.map((row) => [row.region, row.avg_gCO2_per_kWh, row.percent_above_cleanest])).toEqual([
      ['FR', 40, 0],
      ['SE', 40, 0],
      ['PL', 600, expect.closeTo(1400, 9)],
    ]);
  });

  it('orders rows by service and region, with the covered part of the period', () => {
    const records = [
      record(0, 50, { service_name: 'web', region: 'FR' }),
      record(0, 100, { service_name: 'web', region: 'DE' }),
      record(0, 100, { service_name: 'api', region: 'FR' }),
    ];

    for (const order of [records, records.toReversed()])
      expect(reportOn(order, PERIOD)?.rows.map((row) => [row.service, row.region, row.coverage])).toEqual([
        ['api', 'FR', 1],
        ['web', 'DE', 1],
        ['web', 'FR', 0.5],
      ]);
  });

  it('says how many records extend beyond the period, on either side, and none that fit', () => {
    const notes = (...records: Parameters<typeof reportOn>[0][number][]) => reportOn(records, PERIOD)?.notes;

    expect(notes(record(0, 100))).toEqual([]);
    expect(notes(record(0, 101))).toEqual([expect.stringMatching(/^1 record extends beyond/)]);
    expect(notes(record(-1, 100))).toEqual([expect.stringMatching(/^1 record extends beyond/)]);
    expect(notes(record(-1, 50), record(50, 101, { region: 'FR' }))).toEqual([
      expect.stringMatching(/^2 records extend beyond/),
    ]);
  });

  it('knows a change only where emissions came before', () => {
    const change = (grams: number) =>
      reportOn([record(0, 100, { total_gCO2e: 150 }), record(-100, 0, { total_gCO2e: grams })], PERIOD)?.change_percent;

    expect(change(100)).toBeCloseTo(50, 9);
    expect(change(0)).toBeNull();
    expect(reportOn([record(0, 100)], PERIOD)?.change_percent).toBeNull();
    expect(reportOn([record(-100, 0)], PERIOD)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../../shared/calculator/attribution.ts';
import { reportOn } from '../../../shared/calculator/report.ts';
import { record } from './saved-record.ts';

describe('attribute', () => {
  it('counts a record that reaches beyond the period by the part within', () => {
    const { counted } = attribute([record(0, 40)], { from: 10, to: 20 });

    expect(counted.map(({ share }) => share)).toEqual([0.25]);
  });

  it('lets the finer of two overlapping records speak, and counts no moment twice', () => {
    const day = record(0, 24);
    const hour = record(6, 12);

    const { counted, coveredMs, overlapMs } = attribute([day, hour], { from: 0, to: 24 });

    expect(new Map(counted.map(({ record: of, share }) => [of, share]))).toEqual(
      new Map([
        [day, 0.75],
        [hour, 1],
      ]),
    );
    expect([coveredMs, overlapMs]).toEqual([24, 6]);
  });

  it('lets the one saved last speak of two as long as each other, whichever comes first', () => {
    const old = record(0, 10, { updated_at: 1 });
    const corrected = record(0, 10, { updated_at: 2 });
    const records = (...given: Parameters<typeof attribute>[0]) =>
      attribute(given, { from: 0, to: 10 }).counted.map(({ record: of }) => of);

    expect(records(old, corrected)).toEqual([corrected]);
    expect(records(corrected, old)).toEqual([corrected]);
  });

  it('never counts a record more than whole, and covers what the records cover', () => {
    const spans = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 20 })), { maxLength: 12 });
    fc.assert(
      fc.property(spans, (all) => {
        const records = all.map(([start, length], index) => record(start, start + length, { updated_at: index }));

        const { counted, coveredMs } = attribute(records, { from: 0, to: 80 });

        const moments = new Set(all.flatMap(([start, length]) => Array.from({ length }, (_, step) => start + step)));
        expect(coveredMs).toBe(moments.size);
        for (const { share } of counted) expect(share).toBeLessThanOrEqual(1);
        const counts = counted.reduce(
          (sum, { record: of, share }) => sum + share * (of.period_end - of.period_start),
          0,
        );
        expect(counts).toBeCloseTo(moments.size, 9);
      }),
    );
  });

  it('adds up over adjacent periods', () => {
    const records = [
      record(0, 24),
      record(6, 12, { total_gCO2e: 40 }),
      record(30, 50),
      record(20, 33, { region: 'FR' }),
    ];
    const total = (from: number, to: number) => reportOn(records, { from, to })?.totals.total_gCO2e ?? 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 59 }), (cut) => {
        expect(total(0, cut) + total(cut, 60)).toBeCloseTo(total(0, 60), 9);
      }),
    );
  });
});

describe('reportOn', () => {
  it('knows nothing of a period without records, rather than zero', () => {
    expect(reportOn([record(0, 10)], { from: 10, to: 20 })).toBeUndefined();
  });

  it('compares with the period before, and says so when nothing is known of it', () => {
    const records = [record(0, 10, { total_gCO2e: 80 }), record(10, 20)];

    expect(reportOn(records, { from: 10, to: 20 })).toMatchObject({ change_percent: 25, before: { total_gCO2e: 80 } });
    expect(reportOn(records, { from: 0, to: 10 })).toMatchObject({ change_percent: null, before: null });
  });

  it('says 113.50 kg as 281 miles and 5.4 tree-years', () => {
    const report = reportOn([record(0, 10, { total_gCO2e: 113_500 })], { from: 0, to: 10 });

    const amounts = new Map(report?.equivalents.map(({ id, amount }) => [id, amount]));
    expect(Math.round(amounts.get('miles') ?? 0)).toBe(281);
    expect(amounts.get('tree_years')?.toFixed(1)).toBe('5.4');
  });
});

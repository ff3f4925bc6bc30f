import { describe, expect, it } from 'vitest';
import { type RowTotals, rowPage } from '../../../../extender/api/emissions/row-page.ts';

const row = (grams: number | null, kwh = 1): RowTotals => ({ grams, kwh, intensity: grams, coverage: 1 });
const TOTALS = new Map([
  ['shop/cart', row(5)],
  ['shop/checkout', row(20)],
  ['batch/report', row(null)],
  ['shop/search', row(5)],
]);

describe('rowPage', () => {
  it('orders by name by default, and counts what matches', () => {
    const page = rowPage(TOTALS, { sort: 'name', offset: 0 });

    expect(page).toEqual({ names: ['batch/report', 'shop/cart', 'shop/checkout', 'shop/search'], total: 4 });
  });

  it.each([
    ['grams', ['shop/cart', 'shop/search', 'shop/checkout', 'batch/report']],
    ['-grams', ['shop/checkout', 'shop/cart', 'shop/search', 'batch/report']],
  ] as const)('puts unknown values last and ties by name when ordered by %s', (sort, names) => {
    expect(rowPage(TOTALS, { sort, offset: 0 }).names).toEqual(names);
  });

  it('searches names ignoring case before it pages', () => {
    const page = rowPage(TOTALS, { sort: 'name', search: 'SHOP/C', limit: 1, offset: 1 });

    expect(page).toEqual({ names: ['shop/checkout'], total: 2 });
  });

  it('returns no names but the total for a limit of 0, and for an offset past the end', () => {
    expect(rowPage(TOTALS, { sort: 'name', limit: 0, offset: 0 })).toEqual({ names: [], total: 4 });
    expect(rowPage(TOTALS, { sort: 'name', offset: 9 })).toEqual({ names: [], total: 4 });
  });
});

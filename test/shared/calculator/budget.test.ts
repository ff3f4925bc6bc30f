import { describe, expect, it } from 'vitest';
import { budgetPeriod, burnDown } from '../../../shared/calculator/budget.ts';
import { isoTime } from '../../../shared/grid/units.ts';
import type { BudgetPeriod } from '../../../shared/records/workloads.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');

describe('budgetPeriod', () => {
  it.each<[BudgetPeriod, string, string]>([
    ['day', '2026-03-15', '2026-03-16'],
    ['week', '2026-03-09', '2026-03-16'],
    ['month', '2026-03-01', '2026-04-01'],
    ['quarter', '2026-01-01', '2026-04-01'],
    ['year', '2026-01-01', '2027-01-01'],
  ])('of a %s runs from %s to %s', (per, from, to) => {
    const period = budgetPeriod(per, NOW);

    expect([isoTime(period.from), isoTime(period.to)]).toEqual([`${from}T00:00:00.000Z`, `${to}T00:00:00.000Z`]);
  });
});

describe('burnDown', () => {
  const budget = { kind: 'service', name: 's', per: 'day', grams: 100 } as const;

  it.each([
    [79.9, 'ok'],
    [80, 'warning'],
    [99.9, 'warning'],
    [100, 'exceeded'],
  ])('of %d of 100 g is %s', (grams, state) => {
    expect(burnDown(budget, { grams, coverage: 1 }, NOW)).toMatchObject({ state, projected_gCO2e: grams * 2 });
  });

  it('is unknown when nothing is known, never 0', () => {
    expect(burnDown(budget, { grams: undefined, coverage: 0 }, NOW)).toMatchObject({
      state: 'unknown',
      used_gCO2e: null,
      used_share: null,
      remaining_gCO2e: null,
      projected_gCO2e: null,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { daysBack, dayWeight, describePast, remainingLevel, usualAt } from '../../../shared/forecast/profile.ts';

describe('the usual day', () => {
  it('is the mean of the same hour on earlier days, newer days and the same weekday counting more', () => {
    const values = new Float64Array(24 * 8).fill(Number.NaN);
    values[0] = 700;
    values[24 * 6] = 100;
    const [newer, weekAgo] = [Math.exp(-1 / 14), 2 * Math.exp(-7 / 14)];

    expect(usualAt(values, 24 * 7, 1)).toBeCloseTo((newer * 100 + weekAgo * 700) / (newer + weekAgo), 9);
    expect(usualAt(values, 24 * 7, 2)).toBeCloseTo(700, 9);
    expect(usualAt(values, 24 * 7 + 1, 1)).toBeNaN();
  });

  it('reaches 28 days back, and no further', () => {
    expect(dayWeight(28)).toBeCloseTo(2 * Math.exp(-2), 12);
    expect([dayWeight(29), dayWeight(-1)]).toEqual([0, 0]);
  });

  it('goes back whole days to hours that are known', () => {
    expect([0, 23, 24, 71].map(daysBack)).toEqual([1, 1, 2, 3]);
  });
});

describe('a deviation from the usual day', () => {
  it('fades to 1/e within a day', () => {
    expect(remainingLevel(100, 23)).toBeCloseTo(100 / Math.E, 9);
    expect(remainingLevel(-100, 0)).toBeCloseTo(-100 * Math.exp(-1 / 24), 9);
  });

  it('is carried, fading, over an hour that is not known', () => {
    const raw = new Float64Array(24 * 3).fill(200);
    raw[24 * 2] = 260;
    raw.fill(Number.NaN, 24 * 2 + 1);

    const { deviation, usual } = describePast(raw, 24, 1);
    expect(usual[0]?.[24 * 2]).toBe(200);
    expect([...deviation.slice(24 * 2, 24 * 2 + 3)]).toEqual([60, 54, expect.closeTo(48.6, 9)]);
  });
});

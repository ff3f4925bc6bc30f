import { describe, expect, it } from 'vitest';
import { quantile, quantileOf } from '../../../shared/grid/quantile.ts';

describe('quantile', () => {
  it('is linear between neighbours, and an end at 0 and 1', () => {
    const values = [10, 20, 40];

    expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(values, share))).toEqual([10, 15, 20, 30, 40]);
  });

  it('of one value is that value, and of none is not a number', () => {
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('quantileOf', () => {
  it('takes values in any order and leaves them as they are', () => {
    const values = [40, 9, 20];

    expect(quantileOf(values, 0.5)).toBe(20);
    expect(values).toEqual([40, 9, 20]);
  });
});

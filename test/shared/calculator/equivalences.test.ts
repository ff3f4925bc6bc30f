import { describe, expect, it } from 'vitest';
import { equivalents } from '../../../shared/calculator/equivalences.ts';
import { grams } from '../../../shared/grid/units.ts';

describe('equivalents', () => {
  it.each([
    [404, 1, 'mile in an average US passenger car'],
    [808, 2, 'miles in an average US passenger car'],
    [202, 0.5, 'miles in an average US passenger car'],
  ])('speak of one only of exactly one: %i g', (emitted, amount, unit) => {
    expect(equivalents(grams(emitted))[0]).toMatchObject({ id: 'miles', amount, unit });
  });
});

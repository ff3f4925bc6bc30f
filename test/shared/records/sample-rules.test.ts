import { describe, expect, it } from 'vitest';
import { joules } from '../../../shared/grid/units.ts';
import { millijoulesOf, refuseBroken } from '../../../shared/records/sample-rules.ts';

const sample = (change: object) => ({
  container: { namespace: 'shop', pod: 'web', container: 'main', node: 'n' },
  ...{ start: 1_000, end: 2_000, joules: joules(1.2345), ...change },
});

describe('a power sample', () => {
  it('is kept in whole millijoules', () => {
    expect(millijoulesOf(sample({}))).toBe(1235);
  });

  it.each([{}, { joules: joules(0) }, { end: 1_001 }])('may have %j', (change) => {
    expect(() => refuseBroken(sample(change))).not.toThrow();
  });

  it.each([
    { end: 1_000 },
    { end: 999 },
    { start: 1.5 },
    { end: Number.NaN },
    { joules: -0.001 as ReturnType<typeof joules> },
    { joules: Number.NaN as ReturnType<typeof joules> },
    { joules: 1e15 as ReturnType<typeof joules> },
  ])('is refused with %j, and named', (change) => {
    expect(() => refuseBroken(sample(change))).toThrow(/of shop\/web\/main/);
  });
});

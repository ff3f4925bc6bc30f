import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GramsPerKwh, gramsPerKwh } from '../../../shared/grid/units.ts';
import { groupScores, relativePowers, scores } from '../../../shared/placement/score.ts';

const known = fc.double({ min: 0, max: 2_000, noNaN: true }).map(gramsPerKwh);
const candidate = fc.option(known, { nil: undefined });
const of = (...values: (number | undefined)[]) => scores(values as (GramsPerKwh | undefined)[]);

describe('scores', () => {
  it('follow grams, not rank', () => {
    expect(of(42, 84, 210, 420, 43)).toEqual([10, 5, 2, 1, 10]);
  });

  it('give an unknown candidate the mean of the known ones', () => {
    expect(of(100, undefined, 200, 1000)).toEqual([10, 5, 5, 1]);
  });

  it('are all equal when nothing is known', () => {
    expect(of(undefined, undefined)).toEqual([0, 0]);
    expect(of()).toEqual([]);
  });

  it('treat differences below the floor as noise', () => {
    expect(of(0, 3, 9.9, 20)).toEqual([10, 10, 10, 5]);
  });

  it('are integers from 0 to 10, one per candidate', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 60 }), (intensities) => {
        const scored = scores(intensities);

        expect(scored).toHaveLength(intensities.length);
        for (const score of scored) expect(Number.isInteger(score) && score >= 0 && score <= 10).toBe(true);
      }),
    );
  });

  it('never put a dirtier candidate before a cleaner one', () => {
    fc.assert(
      fc.property(fc.array(known, { minLength: 2, maxLength: 30 }), (intensities) => {
        const sorted = [...intensities].sort((a, b) => a - b);

        const scored = scores(sorted);

        expect(scored).toEqual([...scored].sort((a, b) => b - a));
        expect(scored[0]).toBe(10);
      }),
    );
  });

  it('never improve by becoming dirtier', () => {
    fc.assert(
      fc.property(known, known, fc.double({ min: 0, max: 500, noNaN: true }), (mine, other, more) => {
        const before = of(mine, other)[0] ?? 0;

        const after = of(mine + more, other)[0] ?? 0;

        expect(after).toBeLessThanOrEqual(before);
      }),
    );
  });

  it('do not tell candidates within 2 % of the cleanest apart, and others within 2 % by at most one point', () => {
    const close = fc.double({ min: 1, max: 1.02, noNaN: true });
    fc.assert(
      fc.property(known, known, close, (a, b, factor) => {
        const [, , x = 0, y = 0] = of(a, a * factor, b, b * factor);

        expect(Math.abs(x - y)).toBeLessThanOrEqual(1);
        const [cleanest, close] = of(a, a * factor, a * 2);
        expect([cleanest, close]).toEqual([10, 10]);
      }),
    );
  });

  it('do not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 30 }), (intensities) => {
        expect(scores([...intensities].reverse())).toEqual(scores(intensities).reverse());
      }),
    );
  });
});

describe('scores with relative powers', () => {
  const at = (powers: (number | undefined)[]) =>
    scores(
      powers.map(() => gramsPerKwh(300)),
      powers,
    );

  it('count twice the power as twice the emissions', () => {
    expect(at([1, 2, undefined])).toEqual([10, 5, 10]);
  });

  it('count no machine as more than four times better or worse than the usual one', () => {
    expect(at([1, 4, 400])).toEqual([10, 3, 3]);
    expect(at([0.001, 0.25, 1])).toEqual([10, 10, 3]);
  });
});

describe('groupScores', () => {
  it('are the scores of their members, also with groups that are empty or of unknown intensity', () => {
    const group = fc.record({ intensity: fc.option(known, { nil: Number.NaN }), size: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(group, { maxLength: 8 }), (groups) => {
        const members = groups.flatMap(({ size }, at) => new Array<number>(size).fill(at));

        const ofGroup = groupScores(
          groups.map(({ intensity }) => intensity),
          groups.map(({ size }) => size),
        );

        const all = scores(members.map((at) => groups[at]?.intensity));
        expect(members.map((at) => ofGroup[at])).toEqual(all);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('relativePowers', () => {
  it('divides by the median: of an even number, the lower of the two in the middle, which a machine really has', () => {
    expect(relativePowers([400, 100, 200])).toEqual([2, 0.5, 1]);
    expect(relativePowers([400, 100, 200, 300])).toEqual([2, 0.5, 1, 1.5]);
  });

  it('leaves unmeasured machines unmeasured', () => {
    expect(relativePowers([10, undefined, 20])).toEqual([1, undefined, 2]);
  });

  it('compares nothing when fewer than two are measured', () => {
    expect(relativePowers([undefined, 20, undefined])).toBeUndefined();
    expect(relativePowers([])).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../../extender/placement/constraints.ts';
import { rank } from '../../../extender/placement/ranking.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { policyOf, tableOf } from './table.ts';

const LIMIT = policyOf({ maxIntensity: gramsPerKwh(500) });

describe('rank', () => {
  it('gives nodes that violate a preference 0 and all others at least 1, however dirty they are', () => {
    // 10 × 10/250 = 0.4 would round to 0, which is what a violation gets.
    const { scores } = rank(tableOf({ SE: 10, DE: 250, PL: 600 }), LIMIT, NO_HISTORY);

    expect(scores).toEqual([10, 1, 0]);
  });

  it('scores the nodes that meet a preference among themselves', () => {
    const zones = policyOf({ zones: ['DE' as never, 'PL' as never] });

    const { scores } = rank(tableOf({ SE: 10, DE: 300, PL: 600 }), zones, NO_HISTORY);

    expect(scores).toEqual([0, 10, 5]);
  });

  it('gives the plain scores where all nodes violate a preference, and where none does', () => {
    const [all, none] = [tableOf({ DE: 600, PL: 1_200 }), tableOf({ SE: 10, DE: 400 })].map(
      (table) => rank(table, LIMIT, NO_HISTORY).scores,
    );

    expect(all).toEqual([10, 5]);
    // 0.25 rounds to 0: without a violation nothing is lifted.
    expect(none).toEqual([10, 0]);
  });

  it('counts the power of nodes relative to the median of this request', () => {
    const table = tableOf({ DE: 100, FR: 100, PL: 100 }, { DE: 10, FR: 5, PL: 20 });

    const { scores } = rank(table, policyOf({}), NO_HISTORY);

    expect(scores).toEqual([5, 10, 3]);
  });

  it('says why a response prefers no node: mode off before a lost signal, a lost signal before advise', () => {
    const lost = tableOf({ DE: undefined });

    const reasons = (['enforce', 'advise', 'off'] as const).map((mode) => [
      rank(tableOf({ DE: 1 }), policyOf({}, mode), NO_HISTORY).neutral,
      rank(lost, policyOf({}, mode), NO_HISTORY).neutral,
    ]);

    expect(reasons).toEqual([
      [undefined, 'unknown'],
      ['advise', 'unknown'],
      ['off', 'off'],
    ]);
  });

  it('keeps with advise the scores that it would have given', () => {
    expect(rank(tableOf({ FR: 50, DE: 100 }), policyOf({}, 'advise'), NO_HISTORY).scores).toEqual([10, 5]);
  });
});

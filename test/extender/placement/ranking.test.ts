import { describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../../extender/placement/constraints.ts';
import { rank } from '../../../extender/placement/ranking.ts';
import { gramsPerKwh } from '../../../shared/grid/units.ts';
import { policyOf, tableOf } from './table.ts';

const LIMIT = policyOf({ maxIntensity: gramsPerKwh(500) });

describe('rank', () => {
  it('gives nodes that violate a preference 0 and all others at least 1, however dirty they are', () => {
    // 10 × 10/250 = 0.4 would round to 0, which is what a violation gets.
    const scores = scoresIn(tableOf({ SE: 10, DE: 250, PL: 600 }), LIMIT, { history: NO_HISTORY });

    expect(scores).toEqual([10, 1, 0]);
  });

  it('scores the nodes that meet a preference among themselves', () => {
    const zones = policyOf({ zones: ['DE' as never, 'PL' as never] });

    const scores = scoresIn(tableOf({ SE: 10, DE: 300, PL: 600 }), zones, { history: NO_HISTORY });

    expect(scores).toEqual([0, 10, 5]);
  });

  it('gives the plain scores where all nodes violate a preference, and where none does', () => {
    const [all, none] = [tableOf({ DE: 600, PL: 1_200 }), tableOf({ SE: 10, DE: 400 })].map((table) =>
      scoresIn(table, LIMIT, { history: NO_HISTORY }),
    );

    expect(all).toEqual([10, 5]);
    // 0.25 rounds to 0: without a violation nothing is lifted.
    expect(none).toEqual([10, 0]);
  });

  it('counts the power of nodes relative to the median of this request', () => {
    const table = tableOf({ DE: 100, FR: 100, PL: 100 }, { DE: 10, FR: 5, PL: 20 });

    const scores = scoresIn(table, policyOf({}), { history: NO_HISTORY });

    expect(scores).toEqual([5, 10, 3]);
  });

  it('says why a response prefers no node: mode off before a lost signal, a lost signal before advise', () => {
    const lost = tableOf({ DE: undefined });

    const reasons = (['enforce', 'advise', 'off'] as const).map((mode) => [
      rank(tableOf({ DE: 1 }), policyOf({}, mode), { history: NO_HISTORY }).neutral,
      rank(lost, policyOf({}, mode), { history: NO_HISTORY }).neutral,
    ]);

    expect(reasons).toEqual([
      [undefined, 'unknown'],
      ['advise', 'unknown'],
      ['off', 'off'],
    ]);
  });

  it('keeps with advise the scores that it would have given', () => {
    expect(scoresIn(tableOf({ FR: 50, DE: 100 }), policyOf({}, 'advise'), { history: NO_HISTORY })).toEqual([10, 5]);
  });
});

describe('nodes above MAX_NODE_UTILISATION', () => {
  const above = (...names: string[]) => ({ history: NO_HISTORY, utilisation: { above: new Set(names) } });
  const table = tableOf({ SE: 20, FR: 40, DE: 400 });

  it('rank behind all others, which are scored among themselves', () => {
    const ranking = rank(table, policyOf({}), above('SE', 'elsewhere'));

    expect([...ranking.scores]).toEqual([0, 10, 1]);
    expect(ranking.behind).toBe(1);
  });

  it('distinguish nothing where all are above, and where none is', () => {
    const [all, none] = [above('SE', 'FR', 'DE'), above('elsewhere')].map((sources) =>
      rank(table, policyOf({}), sources),
    );

    expect([...(all?.scores ?? [])]).toEqual([10, 5, 1]);
    expect([...(none?.scores ?? [])]).toEqual([10, 5, 1]);
    expect([all?.behind, none?.behind]).toEqual([0, 0]);
  });

  it('rank behind beside those that violate a preference, which counts alone where it would leave no node', () => {
    const notGermany = policyOf({ zones: ['SE' as never, 'FR' as never] });

    expect(scoresIn(table, notGermany, above('SE'))).toEqual([0, 10, 0]);
    expect(scoresIn(table, notGermany, above('SE', 'FR'))).toEqual([10, 5, 0]);
  });

  it('change nothing in mode off', () => {
    expect(scoresIn(table, policyOf({}, 'off'), above('SE'))).toEqual([0, 0, 0]);
  });
});

function scoresIn(...[table, policy, sources]: Parameters<typeof rank>): number[] {
  return [...rank(table, policy, sources).scores];
}

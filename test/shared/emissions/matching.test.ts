import { describe, expect, it } from 'vitest';
import { addMarket, emptyMarketSum, marketFigures, matchHour, plusMarket } from '../../../shared/emissions/matching.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const KWH = 3_600_000;
const DE = zone('DE');

function contract(name: string, kwh: number, factor: number) {
  return {
    ...{ name, kind: 'ppa' as const, zone: DE, from: 0, to: 10 * HOUR_MS },
    ...{ kwh: { per: 'hour' as const, amount: kwh }, gramsPerKwh: gramsPerKwh(factor) },
  };
}

function mix(from: number, to: number) {
  return { zone: DE, from: from * HOUR_MS, to: to * HOUR_MS, gramsPerKwh: gramsPerKwh(700), source: 'AIB' };
}

describe('matchHour', () => {
  it('matches no more than was used; each contract gives the same share, at their mean factor', () => {
    const contracts = { contracts: [contract('wind', 6, 10), contract('sun', 2, 50)], residualMixes: [] };

    expect(matchHour(contracts, DE, 0, joules(4 * KWH))).toEqual({
      ...{ share: 1, gramsPerKwh: 20, residual: undefined },
      byContract: [
        { name: 'wind', kwh: 3 },
        { name: 'sun', kwh: 1 },
      ],
    });
  });

  it('matches a share where less is delivered, and nothing of no use or in another zone', () => {
    const contracts = { contracts: [contract('wind', 3, 10)], residualMixes: [] };

    expect(matchHour(contracts, DE, 0, joules(4 * KWH)).share).toBe(0.75);
    expect(matchHour(contracts, DE, 0, joules(0)).share).toBe(0);
    expect(matchHour(contracts, zone('FR'), 0, joules(KWH))).toMatchObject({
      share: 0,
      gramsPerKwh: 0,
      byContract: [],
    });
  });

  it('prices the rest by the residual mix of the hour, from its start until before its end', () => {
    const contracts = { contracts: [], residualMixes: [mix(1, 2)] };

    const residuals = [0, 1, 2].map((hour) => matchHour(contracts, DE, hour * HOUR_MS, joules(KWH)).residual);
    expect(residuals).toEqual([undefined, 700, undefined]);
  });
});

describe('market-based sums', () => {
  it('add matched energy at its factor and the rest at the residual mix, else at the intensity, else as unknown', () => {
    const half = { share: 0.5, gramsPerKwh: gramsPerKwh(10), residual: undefined, byContract: [] };
    const sum = emptyMarketSum();
    addMarket(sum, joules(2 * KWH), half, gramsPerKwh(300));
    addMarket(sum, joules(2 * KWH), { ...half, residual: gramsPerKwh(700) }, gramsPerKwh(300));
    addMarket(sum, joules(2 * KWH), undefined, undefined);

    expect(marketFigures(sum, 6 * KWH)).toEqual({
      ...{ grams: 10 + 300 + 10 + 700, matchedKwh: 2, share: expect.closeTo(1 / 3, 12), unknownKwh: 2 },
      bases: ['location-based', 'residual-mix'],
    });
  });

  it('know no grams where all is unknown, and no share of no energy', () => {
    const sum = emptyMarketSum();
    addMarket(sum, joules(KWH), undefined, undefined);

    expect(marketFigures(sum, KWH).grams).toBeNull();
    expect(marketFigures(emptyMarketSum(), 0)).toMatchObject({ grams: null, share: null });
  });

  it('take a part of another sum: of its grams, its matched and its unknown energy alike', () => {
    const other = { grams: 8, matchedJoules: 40, unknownJoules: 12, bases: new Set(['residual-mix' as const]) };

    const once = plusMarket(undefined, other, 0.25);
    expect(once).toEqual({ grams: 2, matchedJoules: 10, unknownJoules: 3, bases: other.bases });
    expect(plusMarket(once, other, 0.5)).toEqual({ grams: 6, matchedJoules: 30, unknownJoules: 9, bases: other.bases });
    expect(plusMarket(once, undefined, 0.5)).toBe(once);
    expect(plusMarket(undefined, undefined, 1)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { energyMix, type Quality, type Signal, supersedes, worstQuality } from '../../../shared/grid/intensity.ts';

describe('worstQuality', () => {
  it('is the least certain, wherever it is in the list', () => {
    expect(worstQuality(['estimated', 'measured'])).toBe('estimated');
    expect(worstQuality(['yearly-average', 'forecast', 'measured'])).toBe('yearly-average');
    expect(worstQuality(['measured', 'measured'])).toBe('measured');
  });

  it('of nothing is undefined, never a quality', () => {
    expect(worstQuality([])).toBeUndefined();
  });
});

describe('a newer value of an hour', () => {
  const value = (quality: Quality, signal: Signal = 'average') => ({ quality, signal });

  it('takes the place of one of the same or a worse quality, and never of a better one', () => {
    expect(supersedes(value('measured'), value('measured'))).toBe(true);
    expect(supersedes(value('measured'), value('estimated'))).toBe(true);
    expect(supersedes(value('estimated'), value('measured'))).toBe(false);
  });

  it('is never marginal in the place of an average; the other way round it may be', () => {
    expect(supersedes(value('measured', 'marginal'), value('estimated', 'average'))).toBe(false);
    expect(supersedes(value('measured', 'average'), value('estimated', 'marginal'))).toBe(true);
    expect(supersedes(value('measured', 'marginal'), value('estimated', 'marginal'))).toBe(true);
  });
});

describe('energyMix', () => {
  it('gives shares in percent, two decimals, unnamed sources as other, without amounts that are not positive', () => {
    const mix = energyMix([
      ['wind', 2],
      ['solar', 1],
      ['biomass', 2],
      ['peat', 1],
      ['coal', -1],
      ['gas', Number.NaN],
    ]);

    expect(mix).toEqual({ wind: 33.33, solar: 16.67, other: 50 });
  });

  it('is unknown where nothing positive is reported', () => {
    expect(energyMix([['wind', 0]])).toBeUndefined();
    expect(energyMix([])).toBeUndefined();
  });
});

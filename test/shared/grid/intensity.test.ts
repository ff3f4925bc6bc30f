import { describe, expect, it } from 'vitest';
import { worstQuality } from '../../../shared/grid/intensity.ts';

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

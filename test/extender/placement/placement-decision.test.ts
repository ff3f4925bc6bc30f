import { describe, expect, it } from 'vitest';
import { describePlacement } from '../../../extender/placement/placement-decision.ts';
import type { Decision } from '../../../shared/records/placements.ts';

const decision = { zone: 'FR', intensity: 52.4, candidatesMean: 310.5, mode: 'enforce' } as unknown as Decision;

describe('a placement in one sentence', () => {
  it.each([
    [9.96, '10.0 g/kWh'],
    [10, '10 g/kWh'],
    [10.4, '10 g/kWh'],
    [52.4, '52 g/kWh'],
  ])('has a decimal only below 10 g/kWh: %f', (intensity, words) => {
    expect(describePlacement({ ...decision, intensity: intensity as never })).toBe(
      `placed in FR ${words}; the candidates' mean was 311`,
    );
  });

  it('says where it is only advice, and nothing of an intensity that is not known', () => {
    expect(describePlacement({ ...decision, mode: 'advise' })).toMatch(/ \(carbon-extender only advises here\)$/);
    expect(describePlacement({ ...decision, intensity: null })).toBeUndefined();
    expect(describePlacement({ ...decision, candidatesMean: null })).toBeUndefined();
    expect(describePlacement({ ...decision, zone: null })).toBeUndefined();
  });
});

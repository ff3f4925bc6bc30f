import { describe, expect, it } from 'vitest';
import { measuredProfile } from '../../../shared/calculator/measured-profile.ts';

const DAY = { from: Date.parse('2026-03-01T00:00:00Z'), to: Date.parse('2026-03-02T00:00:00Z') };
const profile = (joules: number, coverage: number) =>
  measuredProfile('web', { hours: [], joules, coverage }, 1_000, DAY);

describe('measuredProfile', () => {
  it('is joules by 3600 by requests', () => {
    expect(profile(3_600_000, 1)).toMatchObject({
      wh_per_request: 1,
      confidence: 'measured',
      source: 'recorded power',
      measured: { requests: 1_000, coverage: 1 },
    });
  });

  it('extrapolates over the hours that are not recorded, and says so', () => {
    expect(profile(3_600_000, 0.5)).toMatchObject({
      wh_per_request: 2,
      source: expect.stringContaining('extrapolated'),
    });
  });

  it('refuses no energy, and energy of less than half of the period', () => {
    expect(() => profile(0, 1)).toThrow(expect.objectContaining({ code: 'POWER_NOT_RECORDED' }));
    expect(() => profile(1, 0.499)).toThrow(expect.objectContaining({ code: 'POWER_COVERAGE_LOW' }));
  });
});

import { describe, expect, it } from 'vitest';
import { weighIntensity } from '../../../shared/calculator/intensity-used.ts';
import type { HourlyIntensity } from '../../../shared/grid/intensity.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const hourOf = (index: number, grams: number, fields: Partial<HourlyIntensity> = {}): HourlyIntensity => ({
  ...{ zone: zone('DE'), hour: NOON + index * HOUR_MS, carbonIntensity: gramsPerKwh(grams) },
  ...{ provider: 'a', signal: 'average', quality: 'measured', ...fields },
});
const PERIOD = { from: NOON, to: NOON + 2 * HOUR_MS };

describe('weighIntensity', () => {
  it('counts use of the hours that the period touches, and none of the hours beside it', () => {
    const history = [-1, 0, 1, 2].map((index) => hourOf(index, 100 * (index + 2)));
    const use = [-1, 0, 1, 2].map((index) => ({ hour: NOON + index * HOUR_MS, amount: 10 }));

    expect(weighIntensity(history, PERIOD, use)).toMatchObject({ avg_gCO2_per_kWh: 250, coverage: 1 });
    expect(weighIntensity(history, { from: NOON - 1, to: NOON + 1 }, use)).toMatchObject({ avg_gCO2_per_kWh: 150 });
  });

  it('adds up use of one hour that comes in parts', () => {
    const use = [0, 1, 1, 1].map((index) => ({ hour: NOON + index * HOUR_MS, amount: 1 }));

    expect(weighIntensity([hourOf(0, 100), hourOf(1, 500)], PERIOD, use)?.avg_gCO2_per_kWh).toBe(400);
  });

  it('uses the average alone where it is known, and the marginal where it is not', () => {
    const marginal = { signal: 'marginal' } as const;

    expect(weighIntensity([hourOf(0, 900, marginal), hourOf(1, 100)], PERIOD)).toMatchObject({
      ...{ signal: 'average', avg_gCO2_per_kWh: 100, coverage: 0.5 },
    });
    expect(weighIntensity([hourOf(0, 900, marginal)], PERIOD)).toMatchObject({ signal: 'marginal' });
    expect(weighIntensity([], PERIOD)).toBeUndefined();
  });

  it('lists its sources by their share, and by name where those are equal', () => {
    const parts = (...history: HourlyIntensity[]) =>
      weighIntensity(history, PERIOD)?.parts.map(({ source, share }) => [source, share]);

    expect(parts(hourOf(0, 1, { provider: 'b' }), hourOf(1, 1, { provider: 'a' }))).toEqual([
      ['a', 0.5],
      ['b', 0.5],
    ]);
    expect(
      weighIntensity([hourOf(0, 1, { provider: 'z' }), hourOf(1, 1, { provider: 'z' })], {
        ...PERIOD,
        to: NOON + 1.5 * HOUR_MS,
      })?.parts,
    ).toEqual([{ source: 'z', quality: 'measured', share: 1 }]);
  });
});

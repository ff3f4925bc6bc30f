import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emissions, intervalEmissions } from '../../../shared/emissions/pricing.ts';
import { gramsPerKwh, HOUR_MS, hourOf, joules } from '../../../shared/grid/units.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const flat = (value: number) => () => ({ carbonIntensity: gramsPerKwh(value), quality: 'measured' as const });

describe('emissions', () => {
  it('prices a kilowatt-hour with its intensity', () => {
    expect(emissions(joules(3_600_000), gramsPerKwh(450.25))).toBe(450.25);
  });
});

describe('intervalEmissions', () => {
  it('prices each hour with its own intensity', () => {
    // 1 800 000 J from 11:30 to 12:30: 900 000 J (0.25 kWh) at 100 g/kWh and as much at 500 g/kWh are 25 g + 125 g.
    const at = (hour: number) => ({
      carbonIntensity: gramsPerKwh(hour < NOON ? 100 : 500),
      quality: 'measured' as const,
    });

    const priced = intervalEmissions(joules(1_800_000), NOON - HOUR_MS / 2, NOON + HOUR_MS / 2, at);

    expect(priced).toMatchObject({ grams: 150, intensity: 300, coveredMs: HOUR_MS });
  });

  it('leaves out hours that are not known and says how much is covered', () => {
    const at = (hour: number) =>
      hour < NOON ? { carbonIntensity: gramsPerKwh(100), quality: 'estimated' as const } : undefined;

    const priced = intervalEmissions(joules(1_800_000), NOON - HOUR_MS / 2, NOON + HOUR_MS / 2, at);

    expect(priced).toMatchObject({
      grams: 25,
      intensity: 100,
      coveredMs: HOUR_MS / 2,
      qualities: new Set(['estimated']),
    });
  });

  it('is missing, not zero, where nothing is known', () => {
    expect(intervalEmissions(joules(10), NOON, NOON + 1000, () => undefined)).toMatchObject({
      grams: undefined,
      coveredMs: 0,
    });
    expect(intervalEmissions(joules(10), NOON, NOON, flat(100)).grams).toBeUndefined();
  });

  it('adds up over any split of the interval', () => {
    const span = fc.integer({ min: 2, max: 5 * HOUR_MS });
    const at = (hour: number) => ({
      carbonIntensity: gramsPerKwh((hourOf(hour) / HOUR_MS) % 700),
      quality: 'measured' as const,
    });
    fc.assert(
      fc.property(
        span,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 1e9 }),
        (length, share, energy) => {
          const cut = Math.min(length - 1, Math.max(1, Math.round(length * share)));
          const part = (from: number, to: number) =>
            intervalEmissions(joules((energy * (to - from)) / length), NOON + from, NOON + to, at).grams ?? Number.NaN;

          expect(part(0, cut) + part(cut, length)).toBeCloseTo(part(0, length), 6);
        },
      ),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { inputCount, LEVEL_HOURS, writeInputs } from '../../../shared/forecast/features.ts';
import { describePast, PROFILE_DAYS } from '../../../shared/forecast/profile.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';

const HOURS = PROFILE_DAYS * 24 + LEVEL_HOURS;
/** For the day of the origin and each of the next three: a weekend flag, and its product with six waves of the day. */
const WEEKEND_INPUTS = 4 * 7;

function inputsAt(origin: string, more: { readonly neighbours?: number } = {}): Float64Array {
  const past = { scale: 1, past: describePast(new Float64Array(HOURS).fill(300), HOURS - 48, 1) };
  const others = Array.from({ length: more.neighbours ?? 0 }, () => past);
  const inputs = new Float64Array(inputCount(others.length));
  writeInputs(inputs, Date.parse(origin) - HOURS * HOUR_MS, HOURS, past, others);
  return inputs;
}

function weekendFlags(origin: string): number[] {
  const inputs = inputsAt(origin).slice(-WEEKEND_INPUTS);
  return [0, 1, 2, 3].map((day) => Math.sign(inputs[day * 7] as number));
}

describe('the inputs of the forecast', () => {
  it('mark Saturday and Sunday in UTC as the weekend, for the day of the origin and the three that follow', () => {
    expect(weekendFlags('2026-03-05T00:00:00Z')).toEqual([0, 0, 1, 1]); // Thursday
    expect(weekendFlags('2026-03-06T00:00:00Z')).toEqual([0, 1, 1, 0]); // Friday
    expect(weekendFlags('2026-03-07T00:00:00Z')).toEqual([1, 1, 0, 0]); // Saturday
    expect(weekendFlags('2026-03-08T23:00:00Z')).toEqual([1, 0, 0, 0]); // Sunday
    expect(weekendFlags('2026-03-09T00:00:00Z')).toEqual([0, 0, 0, 0]); // Monday
  });

  it('fill every input that the count announces, with and without neighbours', () => {
    for (const neighbours of [0, 1, 2]) {
      const inputs = inputsAt('2026-03-05T00:00:00Z', { neighbours });

      expect([...inputs].every(Number.isFinite)).toBe(true);
      expect(inputs).toHaveLength(inputCount(neighbours));
    }
  });
});

import { describe, expect, it } from 'vitest';
import { completeHours, type FuelEnergy, fuelIntensity } from '../../../../poller/grid/providers/eia-fuels.ts';

const hour = (energy: Record<string, number>): FuelEnergy => new Map(Object.entries(energy));
const USUAL = { NG: 5_000, WND: 3_000, NUC: 1_000 };

describe('fuelIntensity', () => {
  it('counts solar and wind with an integrated battery as generation', () => {
    expect(fuelIntensity(hour({ NG: 5_000, SUN: 1_000, SNB: 4_000 }))).toBe(269);
    expect(fuelIntensity(hour({ NG: 5_000, WNB: 5_000 }))).toBe(250.5);
  });

  it('leaves storage and negative generation out', () => {
    expect(fuelIntensity(hour({ NG: 100, BAT: 900, PS: 500, SUN: -40 }))).toBe(490);
  });

  it('has no value where fuels without a factor are more than a tenth', () => {
    expect(fuelIntensity(hour({ NG: 900, OTH: 100 }))).toBe(490);
    expect(fuelIntensity(hour({ NG: 899, OTH: 101 }))).toBeUndefined();
  });
});

describe('completeHours', () => {
  it('does not mind a minor fuel that comes in one hour only', () => {
    const hours = [hour(USUAL), hour({ ...USUAL, OIL: 2 }), hour(USUAL), hour(USUAL)];

    expect(completeHours(hours)).toEqual([true, true, true, true]);
  });

  it('finds the newest hours that lack a major fuel, also several in a row', () => {
    const late = hour({ NG: 5_000, NUC: 1_000 });

    expect(completeHours([hour(USUAL), hour(USUAL), late, late, late])).toEqual([true, true, false, false, false]);
  });

  it('takes an evening without rows of solar for complete', () => {
    const hours = [2_000, 900, 40].map((SUN) => hour({ ...USUAL, SUN }));

    expect(completeHours([...hours, hour(USUAL), hour(USUAL)])).toEqual([true, true, true, true, true]);
  });
});

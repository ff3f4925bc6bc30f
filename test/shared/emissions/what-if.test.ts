import { describe, expect, it } from 'vitest';
import {
  addDifferences,
  differenceFields,
  noDifferences,
  plusDifferences,
  UNKNOWN_WHAT_IF,
  type WhatIf,
} from '../../../shared/emissions/what-if.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

const KWH = joules(3_600_000);
/** 100 g/kWh less on average; marginal values are known of the first hour only, and say 50 more. */
const WHAT_IF: WhatIf = {
  from: zone('DE'),
  average: () => ({ carbonIntensity: -100 as ReturnType<typeof gramsPerKwh>, quality: 'measured' }),
  marginal: (hour) => (hour === 0 ? { carbonIntensity: gramsPerKwh(50), quality: 'measured' } : undefined),
};

describe('differences to another zone', () => {
  it('have their sign, signal by signal, with the energy for which they are known', () => {
    const sum = noDifferences();
    addDifferences(sum, KWH, 0, WHAT_IF);
    addDifferences(sum, KWH, HOUR_MS, WHAT_IF);

    expect(differenceFields(sum)).toEqual({
      ...{ difference_grams: -200, difference_kwh: 2, marginal_difference_grams: 50, marginal_difference_kwh: 1 },
    });
  });

  it('are null, not 0, where nothing is known', () => {
    const sum = noDifferences();
    addDifferences(sum, KWH, 0, UNKNOWN_WHAT_IF);

    expect(differenceFields(sum)).toMatchObject({ difference_grams: null, marginal_difference_grams: null });
  });

  it('take a part of another sum', () => {
    const whole = noDifferences();
    addDifferences(whole, KWH, 0, WHAT_IF);

    const once = plusDifferences(undefined, whole, 0.5);
    expect(differenceFields(plusDifferences(once, whole, 0.25) ?? noDifferences())).toMatchObject({
      ...{ difference_grams: -75, marginal_difference_grams: 37.5, difference_kwh: 0.75 },
    });
    expect(plusDifferences(undefined, undefined, 1)).toBeUndefined();
  });
});

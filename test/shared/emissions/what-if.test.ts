import { describe, expect, it } from 'vitest';
import {
  addDifferences,
  differenceFields,
  noDifferences,
  plusDifferences,
  UNKNOWN_WHAT_IF,
  type WhatIf,
  whatIfs,
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

describe('whatIfs', () => {
  const row = (code: string, hour: number, intensity: number, signal: 'average' | 'marginal' = 'average') => ({
    ...{ zone: zone(code), hour: hour * HOUR_MS, carbonIntensity: gramsPerKwh(intensity), provider: 'p', signal },
    quality: 'measured' as const,
  });
  const history = [row('DE', 0, 400), row('FR', 0, 50), row('DE', 1, 400), row('DE', 0, 700, 'marginal')];
  const store = {
    zones: async () => [zone('DE'), zone('FR')],
    intensities: async (zones: readonly unknown[]) => history.filter((each) => zones.includes(each.zone)),
  };

  it('know the difference of the hours that both zones know, signal by signal', async () => {
    const known = await whatIfs(store, zone('FR'), [zone('DE')], { from: 0, to: 2 * HOUR_MS });
    const { from, average } = known.get(zone('DE')) ?? UNKNOWN_WHAT_IF;

    expect(from).toBe('DE');
    expect(average(0)).toEqual({ carbonIntensity: -350, quality: 'measured' });
    expect(average(HOUR_MS)).toBeUndefined();
  });
});

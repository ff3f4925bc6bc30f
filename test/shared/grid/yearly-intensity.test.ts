import { describe, expect, it } from 'vitest';
import { yearlyIntensity, yearlyZones } from '../../../shared/grid/yearly-intensity.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { zone } from '../../../shared/grid/zones.ts';

describe('yearlyIntensity', () => {
  it('is the zone’s own where the table has it, else its country’s, and says which', () => {
    expect(yearlyIntensity(zone('DE'))?.of).toBe('DE');
    expect(yearlyIntensity(zone('DE-XY'))).toEqual(yearlyIntensity(zone('DE')));
  });

  it('is unknown for a country that the table lacks, and for words that every object knows', () => {
    expect(yearlyIntensity(zone('XX'))).toBeUndefined();
    expect(yearlyIntensity('constructor' as Zone)).toBeUndefined();
  });

  it('lists no world among its zones', () => {
    expect(yearlyZones()).not.toContain('WORLD');
    expect(yearlyZones().length).toBeGreaterThan(100);
  });
});

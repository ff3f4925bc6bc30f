import { describe, expect, it } from 'vitest';
import { placeRegion } from '../../../shared/calculator/region.ts';
import type { Zone } from '../../../shared/grid/zones.ts';

describe('placeRegion', () => {
  it('finds a cloud region in one spelling, with its provider where only one has it', () => {
    expect(placeRegion(' US-East-1 ')).toEqual({ region: 'us-east-1', zone: 'US-MIDA-PJM' });
    expect(placeRegion('aws/eu-west-1')).toMatchObject({ region: 'aws/eu-west-1', provider: 'aws' });
  });

  it('finds a grid zone, which is no provider’s although one calls its region so, also one that only the history has', () => {
    expect(placeRegion('de')).toEqual({ region: 'DE', zone: 'DE' });
    expect(placeRegion('XX-NEW', ['XX-NEW' as Zone])).toEqual({ region: 'XX-NEW', zone: 'XX-NEW' });
  });

  it.each(['XX-NEW', 'us-east-11', '???'])('refuses %s', (text) => {
    expect(() => placeRegion(text)).toThrow(expect.objectContaining({ code: 'REGION_UNKNOWN' }));
  });

  it('names the nearest choice', () => {
    expect(() => placeRegion('us-east-11')).toThrow(/did you mean "us-east-1"\?/);
  });
});

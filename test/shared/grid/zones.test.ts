import { describe, expect, it } from 'vitest';
import { parseZone, zone } from '../../../shared/grid/zones.ts';

describe('parseZone', () => {
  it.each([
    ['US-NY-NYISO', 'US-NY-NYIS'],
    ['US-TEX-ERCOT', 'US-TEX-ERCO'],
    ['UK', 'GB'],
    ['US-VA', 'US-MIDA-PJM'],
    [' us-va ', 'US-MIDA-PJM'],
  ])('corrects %s to %s', (given, meant) => {
    expect(parseZone(given)).toEqual({ kind: 'corrected', zone: meant, from: given.trim() });
  });

  it.each(['DE', 'US-CAL-CISO', 'XX-NEW-ZONE9', 'dk-dk2'])('takes the well-formed code %s as it is', (given) => {
    expect(parseZone(given)).toEqual({ kind: 'zone', zone: given.toUpperCase() });
  });

  it.each([
    ['us-east-1', 'US-MIDA-PJM'],
    [' EU-Central-1 ', 'DE'],
    ['aws/eu-west-1', 'IE'],
  ])('finds the zone of the cloud region %s', (given, meant) => {
    expect(parseZone(given)).toEqual({ kind: 'region', zone: meant, from: given.trim() });
  });

  it.each(['', 'D', 'eu-west-1', 'Germany', 'DE_LU', 'US--CAL', '../etc'])('refuses %j', (given) => {
    expect(parseZone(given).kind).toBe('malformed');
    expect(() => zone(given)).toThrow(RangeError);
  });
});

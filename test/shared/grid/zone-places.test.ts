import { describe, expect, it } from 'vitest';
import regions from '../../../shared/data/cloud-regions.json' with { type: 'json' };
import { placeOfZone } from '../../../shared/grid/zone-places.ts';
import { zone } from '../../../shared/grid/zones.ts';

describe('placeOfZone', () => {
  it('knows a place in every zone of the region table', () => {
    const zones = [...new Set(Object.values(regions).flatMap((of) => Object.values(of)))];

    expect(zones.length).toBeGreaterThan(60);
    expect(zones.filter((code) => placeOfZone(zone(code)) === undefined)).toEqual([]);
  });

  it.each([
    ['DE', 47, 55, 6, 15],
    ['AU-NSW', -38, -28, 141, 154],
    ['US-MIDA-PJM', 36, 42, -90, -74],
    ['BR-CS', -34, -10, -58, -38],
  ])('has the one of %s inside it', (code, south, north, west, east) => {
    const { latitude = Number.NaN, longitude = Number.NaN } = placeOfZone(zone(code)) ?? {};

    expect([latitude > south, latitude < north, longitude > west, longitude < east]).toEqual([true, true, true, true]);
  });

  it('knows none of a zone without a cloud region', () => {
    expect([placeOfZone(zone('US-AK')), placeOfZone(zone('XX'))]).toEqual([undefined, undefined]);
  });
});

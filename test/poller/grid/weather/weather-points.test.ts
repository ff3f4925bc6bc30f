import { describe, expect, it } from 'vitest';
import { weatherPoints } from '../../../../poller/grid/weather/weather-points.ts';
import table from '../../../../shared/data/weather-points.json' with { type: 'json' };
import { placeOfZone } from '../../../../shared/grid/zone-places.ts';
import { zone } from '../../../../shared/grid/zones.ts';

describe('weatherPoints', () => {
  it('has one to five points of positive weight a zone, each on the map and within reach of the zone', () => {
    const codes = Object.keys(table.zones);

    expect(codes.length).toBeGreaterThan(30);
    for (const code of codes) {
      const points = weatherPoints(zone(code));
      const city = placeOfZone(zone(code));
      expect(points.length).toBeGreaterThanOrEqual(1);
      expect(points.length).toBeLessThanOrEqual(5);
      for (const { latitude, longitude, weight } of points) {
        expect(weight).toBeGreaterThan(0);
        expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
        if (!city) continue;
        // A swapped or mistyped coordinate lies far away.
        expect(Math.abs(latitude - city.latitude), code).toBeLessThan(14);
        expect(Math.abs(longitude - city.longitude), code).toBeLessThan(14);
      }
    }
  });

  it('takes the city of the cloud region for other zones, and nothing for a zone of unknown place', () => {
    expect(weatherPoints(zone('SG'))).toEqual([{ latitude: 1.352, longitude: 103.82, weight: 1 }]);
    expect(weatherPoints(zone('XX'))).toEqual([]);
  });
});

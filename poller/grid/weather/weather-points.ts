import table from '../../../shared/data/weather-points.json' with { type: 'json' };
import { placeOfZone } from '../../../shared/grid/zone-places.ts';
import type { Zone } from '../../../shared/grid/zones.ts';

/** A place whose weather stands for part of a zone: degrees, and its weight among the zone's points. */
export interface WeatherPoint {
  readonly latitude: number;
  readonly longitude: number;
  readonly weight: number;
}

const zones: Readonly<Record<string, readonly (readonly number[])[] | undefined>> = table.zones;

/**
 * One to five points near a zone's wind and solar plants; else the city of its cloud region, which says less about wind.
 * Empty for a zone of unknown place.
 */
export function weatherPoints(zone: Zone): readonly WeatherPoint[] {
  const own = Object.hasOwn(zones, zone) ? zones[zone] : undefined;
  if (own) return own.map(([latitude = 0, longitude = 0, weight = 1]) => ({ latitude, longitude, weight }));
  const city = placeOfZone(zone);
  return city ? [{ ...city, weight: 1 }] : [];
}

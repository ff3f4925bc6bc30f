import table from '../data/zone-places.json' with { type: 'json' };
import type { Zone } from './zones.ts';

const places: Readonly<Record<string, readonly number[] | undefined>> = table;

/** Coordinates in degrees of a city in the zone where a cloud has a region; undefined for zones without one. */
export function placeOfZone(zone: Zone): { readonly latitude: number; readonly longitude: number } | undefined {
  const [latitude, longitude] = (Object.hasOwn(places, zone) ? places[zone] : undefined) ?? [];
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}

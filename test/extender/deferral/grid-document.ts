import {
  type CachedRegion,
  type CacheState,
  cacheState,
  encodeCarbonCache,
} from '../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../shared/grid/carbon-cache-decode.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

/** The text of a cache document whose zones have the given intensities: that of the hour of `at`, and the forecast of the hours after it. */
export function gridText(hours: Readonly<Record<string, readonly number[]>>, at: number, ttlMinutes = 10): string {
  const regions = Object.entries(hours).map(([code, [present = 0, ...ahead]]): CachedRegion => {
    const forecast = ahead.map((value, index) => ({
      datetime: hourOf(at) + (index + 1) * HOUR_MS,
      carbonIntensity: gramsPerKwh(value),
    }));
    return {
      zone: zone(code),
      carbonIntensity: gramsPerKwh(present),
      datetime: hourOf(at),
      fetchedAt: at,
      updatedAt: null,
      createdAt: null,
      emissionFactorType: 'lifecycle',
      isEstimated: false,
      estimationMethod: null,
      provider: 'test',
      signal: 'average',
      quality: 'measured',
      ...(forecast.length > 0 && { forecast, forecastSource: 'test' }),
    };
  });
  return encodeCarbonCache(regions, at, ttlMinutes) ?? '';
}

/** The state that such a document is in at a time. */
export function gridState(
  hours: Readonly<Record<string, readonly number[]>>,
  at: number,
  { ttlMinutes = 10, now = at } = {},
): CacheState {
  return cacheState(decodeCarbonCache(gridText(hours, at, ttlMinutes)), now);
}

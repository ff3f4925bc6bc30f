import type { IntensitySample } from '../../../shared/grid/intensity.ts';
import { type EpochMs, gramsPerKwh } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

/** An estimated sample of Electricity Maps, as fresh as can be. */
export function sampleOf(
  code: string,
  value: number,
  now: EpochMs,
  of: Partial<IntensitySample> = {},
): IntensitySample {
  return {
    zone: zone(code),
    carbonIntensity: gramsPerKwh(value),
    datetime: now,
    fetchedAt: now,
    updatedAt: null,
    createdAt: null,
    emissionFactorType: 'lifecycle',
    isEstimated: true,
    estimationMethod: null,
    provider: 'electricity-maps',
    signal: 'average',
    quality: 'estimated',
    ...of,
  };
}

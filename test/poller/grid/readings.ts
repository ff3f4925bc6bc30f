import type { Reading } from '../../../shared/intensity.ts';
import { type EpochMs, gramsPerKwh } from '../../../shared/units.ts';
import { zone } from '../../../shared/zones.ts';

/** An estimated reading of Electricity Maps, as fresh as can be. */
export function readingOf(code: string, value: number, now: EpochMs, of: Partial<Reading> = {}): Reading {
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

import type { CountryIntensity } from '../../../shared/emissions/country-intensity.ts';
import type { MatchedHour } from '../../../shared/emissions/matching.ts';
import { emissions } from '../../../shared/emissions/pricing.ts';
import type { WhatIf } from '../../../shared/emissions/what-if.ts';
import type { Quality } from '../../../shared/grid/intensity.ts';
import type { EpochMs, Grams, Joules } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { PieceOfHour } from './energy.ts';

/** How a container's energy is priced: its zone, or why none is known, and that zone's hours. */
export interface Pricing {
  /** Zone code, null where none is known. */
  readonly zone: Zone | null;
  readonly intensity: CountryIntensity | undefined;
  /** Why there is no intensity; undefined where the zone is known. */
  readonly reason: string | undefined;
  /** Price of a kilowatt-hour in the zone; absent where none is configured. */
  readonly pricePerKwh?: number | undefined;
  /** Power usage effectiveness of the node's building; absent where it is not known. */
  readonly pue?: number | undefined;
  /** What contracts match of the zone's electricity; absent without contracts. */
  readonly matchedAt?: ((hour: EpochMs) => MatchedHour | undefined) | undefined;
  /** What the zone makes different from that of the node; absent where it is that of the node. */
  readonly whatIf?: WhatIf | undefined;
}

/** The part of some energy whose intensity is known. */
export interface PricedPart {
  readonly joules: Joules;
  readonly grams: Grams;
  readonly coveredMs: number;
  /** The worst of the intensities'. */
  readonly quality: Quality;
}

/** Prices the energy of an hour; undefined where its intensity is not known. */
export function pricedHour({ joules, hour, coveredMs }: PieceOfHour, pricing: Pricing): PricedPart | undefined {
  const price = pricing.intensity?.at(hour);
  if (price === undefined) return undefined;
  return { joules, grams: emissions(joules, price.carbonIntensity), coveredMs, quality: price.quality };
}

import type { Quality } from '../grid/intensity.ts';
import {
  type EpochMs,
  type Grams,
  type GramsPerKwh,
  HOUR_MS,
  hourOf,
  JOULES_PER_KWH,
  type Joules,
} from '../grid/units.ts';

/** Emissions of an amount of energy: joules / 3 600 000 × gCO2eq/kWh (GHG Protocol scope 2, location based). */
export function emissions(energy: Joules, intensity: GramsPerKwh): Grams {
  return ((energy / JOULES_PER_KWH) * intensity) as Grams;
}

/** Finds the intensity of the hour that starts at a time; undefined when it is not known. */
export type IntensityAt = (
  hour: EpochMs,
) => { readonly carbonIntensity: GramsPerKwh; readonly quality: Quality } | undefined;

/** Emissions of one interval, and the part of it for which the intensity is known. */
export interface IntervalEmissions {
  /** Grams of the covered part; undefined when no part is covered. */
  readonly grams: Grams | undefined;
  /** Energy-weighted mean intensity of the covered part; undefined when no part is covered. */
  readonly intensity: GramsPerKwh | undefined;
  /** Covered milliseconds of the interval. */
  readonly coveredMs: number;
  readonly qualities: ReadonlySet<Quality>;
}

/** Spreads energy evenly over [start, end) and prices each hour's share with that hour's intensity. */
export function intervalEmissions(energy: Joules, start: EpochMs, end: EpochMs, at: IntensityAt): IntervalEmissions {
  const length = end - start;
  if (!(length > 0)) return { grams: undefined, intensity: undefined, coveredMs: 0, qualities: new Set() };
  let total = 0;
  let weighted = 0;
  let coveredMs = 0;
  const qualities = new Set<Quality>();
  for (let hour = hourOf(start); hour < end; hour += HOUR_MS) {
    const known = at(hour);
    if (known === undefined) continue;
    const overlap = Math.min(end, hour + HOUR_MS) - Math.max(start, hour);
    total += emissions(((energy * overlap) / length) as Joules, known.carbonIntensity);
    weighted += known.carbonIntensity * overlap;
    coveredMs += overlap;
    qualities.add(known.quality);
  }
  if (coveredMs === 0) return { grams: undefined, intensity: undefined, coveredMs, qualities };
  return { grams: total as Grams, intensity: (weighted / coveredMs) as GramsPerKwh, coveredMs, qualities };
}

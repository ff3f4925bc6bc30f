import { forEachHour } from '../grid/hours.ts';
import type { Quality } from '../grid/intensity.ts';
import { type EpochMs, type Grams, type GramsPerKwh, JOULES_PER_KWH, type Joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';

/**
 * Emissions of an amount of energy in gCO2eq: joules / 3 600 000 × gCO2eq/kWh (GHG Protocol scope 2, location based).
 * The only place where energy meets intensity; small enough to be inlined where millions of samples are priced.
 */
export function emissions(energy: Joules, intensity: GramsPerKwh): Grams {
  return emissionsOfKwh(energy / JOULES_PER_KWH, intensity);
}

/** Emissions of kilowatt-hours in gCO2eq, for figures that people give; see {@link emissions}. */
export function emissionsOfKwh(kilowattHours: number, intensity: GramsPerKwh): Grams {
  return (kilowattHours * intensity) as Grams;
}

/** Looks up the intensity of the hour that starts at a time; undefined when it is not known. */
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
  let total = 0;
  let weighted = 0;
  let coveredMs = 0;
  const qualities = new Set<Quality>();
  forEachHour(start, end, (hour, ms) => {
    const known = at(hour);
    if (known === undefined) return;
    total += emissions(((energy * ms) / length) as Joules, known.carbonIntensity);
    weighted += known.carbonIntensity * ms;
    coveredMs += ms;
    qualities.add(known.quality);
  });
  if (coveredMs === 0) return { grams: undefined, intensity: undefined, coveredMs, qualities };
  return { grams: total as Grams, intensity: (weighted / coveredMs) as GramsPerKwh, coveredMs, qualities };
}

/** Measured energy of a pod over a span of time. */
export interface MeasuredEnergy {
  readonly start: EpochMs;
  readonly end: EpochMs;
  readonly joules: Joules;
}

/** Finds the intensity of a zone. */
export type IntensityIn = (zone: Zone) => IntensityAt;

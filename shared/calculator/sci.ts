import { emissionsOfKwh } from '../emissions/pricing.ts';
import type { Grams, GramsPerKwh } from '../grid/units.ts';

/** What the Software Carbon Intensity of ISO/IEC 21031:2024 is made of. */
export interface SciInputs {
  /** E: energy in kWh. */
  readonly kWh: number;
  /** I: location-based carbon intensity. */
  readonly intensity: GramsPerKwh;
  /** M: share of the making of the hardware. */
  readonly embodied: Grams;
  /** R: number of functional units, such as requests. */
  readonly units: number;
}

/** SCI = (E × I + M) per R, in gCO2e per functional unit (ISO/IEC 21031:2024). */
export function softwareCarbonIntensity({ kWh, intensity, embodied, units }: SciInputs): number {
  return (emissionsOfKwh(kWh, intensity) + embodied) / units;
}

/** What the embodied share M of a period is computed from (ISO/IEC 21031:2024). */
export interface EmbodiedInputs {
  /** TE: emissions of making, moving and scrapping the hardware. */
  readonly total: Grams;
  /** TiR: hours for which it is reserved. */
  readonly reservedHours: number;
  /** EL: hours of its expected life. */
  readonly lifetimeHours: number;
  /** RR / ToR: reserved part of its resources, 0..1. */
  readonly share: number;
}

/** M = TE × (TiR ÷ EL) × (RR ÷ ToR), in gCO2e (ISO/IEC 21031:2024). */
export function embodiedShare({ total, reservedHours, lifetimeHours, share }: EmbodiedInputs): Grams {
  return (total * (reservedHours / lifetimeHours) * share) as Grams;
}

import type { Quality } from '../grid/intensity.ts';
import type { EpochMs, GramsPerKwh } from '../grid/units.ts';
import type { Container, TimeRange } from './power.ts';

/** Intensities of hours, as far as they are known. */
export type HourPrices = (
  hour: EpochMs,
) => { readonly carbonIntensity: GramsPerKwh; readonly quality: Quality } | undefined;

/** What a store adds up: energy of whole hours by class and piece of time. Containers of a class are priced alike. */
export interface EnergyTotalsRequest {
  /** Containers with the place of their class; others are left out. */
  readonly members: readonly (readonly [container: Container, classAt: number])[];
  /** For each class the place of its prices; undefined: no intensity is known for it. */
  readonly classes: readonly (number | undefined)[];
  readonly prices: readonly HourPrices[];
  /** Consecutive parts of the time, each of whole UTC hours; one without any hour ends where it begins. */
  readonly pieces: readonly TimeRange[];
}

/** Energy of one class in a piece of time, or in a part of it: the figures of several add up. Only those with any are given. */
export interface EnergyTotal {
  readonly classAt: number;
  readonly pieceAt: number;
  /** Whole millijoules, exact up to 2^53. */
  readonly millijoules: number;
  /** Time for which power is known, added up over the containers. */
  readonly coveredMs: number;
  /** Of the hours whose intensity is known: millijoules, the same times gCO2eq/kWh, and the time. */
  readonly pricedMillijoules: number;
  readonly weightedMillijoules: number;
  readonly pricedMs: number;
  /** The worst quality of the intensities in use; undefined while none is. */
  readonly worst: Quality | undefined;
}

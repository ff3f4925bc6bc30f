import type { EpochMs, GramsPerKwh } from './units.ts';
import type { Zone } from './zones.ts';

/** `average`: all generation of the hour; `marginal`: the plant that would answer more demand. Never ranked together. */
export type Signal = 'average' | 'marginal';

/** How an intensity came to be known, best first. */
export const QUALITIES = ['measured', 'estimated', 'forecast', 'yearly-average', 'simulated'] as const;
/** How an intensity came to be known. */
export type Quality = (typeof QUALITIES)[number];

/** Carbon intensity of one zone at one time, as a provider told it. */
export interface Reading {
  readonly zone: Zone;
  readonly carbonIntensity: GramsPerKwh;
  /** Start of the time that the value describes. */
  readonly datetime: EpochMs;
  /** When we fetched it. */
  readonly fetchedAt: EpochMs;
  /** When the provider last changed it; null where the provider does not say. */
  readonly updatedAt: EpochMs | null;
  /** When the provider first made it; null where the provider does not say. */
  readonly createdAt: EpochMs | null;
  readonly emissionFactorType: 'lifecycle' | 'direct';
  readonly isEstimated: boolean;
  readonly estimationMethod: string | null;
  readonly provider: string;
  readonly signal: Signal;
  readonly quality: Quality;
}

/** One hour of a forecast. */
export interface ForecastPoint {
  readonly datetime: EpochMs;
  readonly carbonIntensity: GramsPerKwh;
  /** Lower edge of the uncertainty band; absent where the source gives none. */
  readonly low?: GramsPerKwh;
  /** Upper edge of the uncertainty band; absent where the source gives none. */
  readonly high?: GramsPerKwh;
}

/** Intensity of one zone in one hour, as the store keeps it. */
export interface HourlyIntensity {
  readonly zone: Zone;
  /** Start of the hour. */
  readonly hour: EpochMs;
  readonly carbonIntensity: GramsPerKwh;
  readonly provider: string;
  readonly signal: Signal;
  readonly quality: Quality;
}

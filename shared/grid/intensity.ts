import type { EpochMs, GramsPerKwh } from './units.ts';
import type { Zone } from './zones.ts';

/** `average`: all generation of the hour; `marginal`: the plant that would answer more demand. Never ranked together. */
export type Signal = 'average' | 'marginal';

/** How an intensity came to be known, best first. */
export const QUALITIES = ['measured', 'estimated', 'forecast', 'yearly-average', 'simulated'] as const;
/** How an intensity came to be known. */
export type Quality = (typeof QUALITIES)[number];

/** The least certain of some qualities, by the order of {@link QUALITIES}; undefined of none. */
export function worstQuality(qualities: Iterable<Quality>): Quality | undefined {
  let worst = -1;
  for (const quality of qualities) worst = Math.max(worst, QUALITIES.indexOf(quality));
  return QUALITIES[worst];
}

/** Largest plausible intensity in gCO2eq/kWh: a bad coal plant emits less than half of it. The default of MAX_INTENSITY. */
export const MAX_INTENSITY = 3_000;

/** The sources of electricity in percent; an absent source was not reported. */
export type EnergyMix = Readonly<Partial<Record<EnergySource, number>>>;
/** Sources that a mix distinguishes; everything else is `other`. */
export const ENERGY_SOURCES = ['solar', 'wind', 'hydro', 'nuclear', 'coal', 'gas', 'oil', 'other'] as const;
/** One source of a mix. */
export type EnergySource = (typeof ENERGY_SOURCES)[number];

/** Shares in percent of amounts in any one unit; undefined when nothing positive was reported. Sources that are not named are `other`. */
export function energyMix(amounts: Iterable<readonly [source: string, amount: number]>): EnergyMix | undefined {
  const sums = new Map<EnergySource, number>();
  let total = 0;
  for (const [name, amount] of amounts) {
    if (!(amount >= 0)) continue;
    const source = ENERGY_SOURCES.find((known) => known === name) ?? 'other';
    sums.set(source, (sums.get(source) ?? 0) + amount);
    total += amount;
  }
  if (total === 0) return undefined;
  return Object.fromEntries([...sums].map(([source, amount]) => [source, Math.round((amount / total) * 10_000) / 100]));
}

/** Carbon intensity of one zone at one time, as a provider reported it. */
export interface IntensitySample {
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
  /** Absent where the provider does not report it with the value. */
  readonly energyMix?: EnergyMix | undefined;
}

/** An intensity sample from its facts: average, lifecycle and without revision times where they say nothing else; `isEstimated` follows from the quality. */
export function intensitySample(
  facts: Pick<IntensitySample, 'zone' | 'carbonIntensity' | 'datetime' | 'fetchedAt' | 'provider' | 'quality'> &
    Partial<IntensitySample>,
): IntensitySample {
  return {
    updatedAt: null,
    createdAt: null,
    emissionFactorType: 'lifecycle',
    isEstimated: facts.quality !== 'measured',
    estimationMethod: null,
    signal: 'average',
    ...facts,
  };
}

/** One hour of a forecast. */
export interface ForecastPoint {
  readonly datetime: EpochMs;
  readonly carbonIntensity: GramsPerKwh;
  /** Lower edge of the uncertainty band; absent where the source gives none. */
  readonly low?: GramsPerKwh;
  /** Upper edge of the uncertainty band; absent where the source gives none. */
  readonly high?: GramsPerKwh;
  /** Where the point is from: a provider, `history`, or both as `provider+history`; absent: as the whole forecast. */
  readonly source?: string;
}

/** Intensity of one zone in one hour, as the store keeps it. */
export interface HourlyIntensity {
  readonly zone: Zone;
  /** The names that ZONES has for the zone, where they are not its code alone: the store keeps the hour under each. */
  readonly regionNames?: readonly string[] | undefined;
  /** Start of the hour. */
  readonly hour: EpochMs;
  readonly carbonIntensity: GramsPerKwh;
  readonly provider: string;
  readonly signal: Signal;
  readonly quality: Quality;
  /** Absent: unknown. */
  readonly emissionFactorType?: 'lifecycle' | 'direct' | undefined;
  readonly estimationMethod?: string | null | undefined;
  /** When the provider last changed the value; null or absent where it does not say. */
  readonly updatedAt?: EpochMs | null | undefined;
  readonly energyMix?: EnergyMix | undefined;
  /** How the row came: polled in its hour, a provider's forecast of its hour, or looked up later. Absent: real_time. */
  readonly dataQuality?: DataQuality | undefined;
}

/** Whether a newer value may take the place of a known one of the same zone and hour: never by a worse quality, never marginal for average. */
export function supersedes(
  next: Pick<HourlyIntensity, 'signal' | 'quality'>,
  known: Pick<HourlyIntensity, 'signal' | 'quality'>,
): boolean {
  if (next.signal === 'marginal' && known.signal === 'average') return false;
  return QUALITIES.indexOf(next.quality) <= QUALITIES.indexOf(known.quality);
}

/** How an hour of history came to be known, as the table co2e_emissions names it. */
export type DataQuality = 'real_time' | 'forecast' | 'historical';

/** How far a quality can be relied on, 0..1: our own ordering, for consumers that filter by a number. */
export const CONFIDENCE: Readonly<Record<Quality, number>> = {
  measured: 1,
  estimated: 0.8,
  forecast: 0.6,
  'yearly-average': 0.3,
  simulated: 0.1,
};

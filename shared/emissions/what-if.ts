import type { Quality, Signal } from '../grid/intensity.ts';
import { type EpochMs, type GramsPerKwh, JOULES_PER_KWH, type Joules } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { IntensityReader, TimeRange } from '../records/power.ts';
import { type CountryIntensity, intensitiesBySignal, ownCode } from './country-intensity.ts';
import { emissions } from './pricing.ts';

/** The signals of intensity, which differences are worked out with side by side. */
export const SIGNALS = ['average', 'marginal'] as const;

/** What a kilowatt-hour of an hour would emit more in another zone (negative: less); undefined where either is not known. */
export type DifferenceAt = (
  hour: EpochMs,
) => { readonly carbonIntensity: GramsPerKwh; readonly quality: Quality } | undefined;

/** Differences between a zone and another one that might have been, by signal. */
export interface WhatIf extends Readonly<Record<Signal, DifferenceAt>> {
  /** The zone that it was; null where that is not known. */
  readonly from: Zone | null;
}

/** Of energy whose zone is not known. */
export const UNKNOWN_WHAT_IF: WhatIf = { from: null, average: () => undefined, marginal: () => undefined };

/** Grams that energy would have emitted more elsewhere, with the energy for which that is known. */
export type Differences = Readonly<Record<Signal, { grams: number; joules: number }>>;

/** Nothing added up yet. */
export function noDifferences(): Differences {
  return { average: { grams: 0, joules: 0 }, marginal: { grams: 0, joules: 0 } };
}

/** Adds the energy of an hour. */
export function addDifferences(sum: Differences, energy: Joules, hour: EpochMs, whatIf: WhatIf): void {
  for (const signal of SIGNALS) {
    const difference = whatIf[signal](hour);
    if (difference === undefined) continue;
    sum[signal].grams += emissions(energy, difference.carbonIntensity);
    sum[signal].joules += energy;
  }
}

/** A sum with a part of another; undefined where there is neither. */
export function plusDifferences(
  sum: Differences | undefined,
  other: Differences | undefined,
  part: number,
): Differences | undefined {
  if (other === undefined) return sum;
  const total = sum ?? noDifferences();
  for (const signal of SIGNALS) {
    total[signal].grams += other[signal].grams * part;
    total[signal].joules += other[signal].joules * part;
  }
  return total;
}

/** The fields of differences: negative where less would have been emitted, null where that is not known of any energy. */
export function differenceFields({ average, marginal }: Differences) {
  const grams = (sum: Differences[Signal]) => (sum.joules > 0 ? sum.grams : null);
  return {
    difference_grams: grams(average),
    difference_kwh: average.joules / JOULES_PER_KWH,
    marginal_difference_grams: grams(marginal),
    marginal_difference_kwh: marginal.joules / JOULES_PER_KWH,
  };
}

/** Differences that a zone in the place of others would make over a range, by the zone that it was. */
export async function whatIfs(
  store: IntensityReader,
  other: Zone,
  zones: Iterable<Zone>,
  range: TimeRange,
): Promise<ReadonlyMap<Zone, WhatIf>> {
  const all = [...new Set([other, ...zones])].sort();
  const intensitiesOf = await intensitiesBySignal(store, all.map(ownCode), range);
  const [average, marginal] = SIGNALS.map(
    (signal) => new Map(intensitiesOf(signal).map((intensity, at) => [all[at] as Zone, intensity])),
  );
  const between = (of: ReadonlyMap<Zone, CountryIntensity> | undefined, zone: Zone): DifferenceAt =>
    differenceAt(of?.get(zone), of?.get(other));
  return new Map(
    all.map((zone) => [zone, { from: zone, average: between(average, zone), marginal: between(marginal, zone) }]),
  );
}

function differenceAt(one: CountryIntensity | undefined, other: CountryIntensity | undefined): DifferenceAt {
  return (hour) => {
    const [was, would] = [one?.at(hour), other?.at(hour)];
    if (was === undefined || would === undefined) return undefined;
    return { carbonIntensity: (would.carbonIntensity - was.carbonIntensity) as GramsPerKwh, quality: would.quality };
  };
}

import { QUALITIES, type Quality } from '../../grid/intensity.ts';
import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { EnergyTotal, EnergyTotalsRequest, HourTotal } from '../../records/power.ts';
import type { SeriesEnergy } from './energy-codec.ts';

/** A total while it grows. */
interface Growing {
  millijoules: number;
  coveredMs: number;
  pricedMillijoules: number;
  weightedMillijoules: number;
  pricedMs: number;
  worst: number;
}

/**
 * Adds energy up by class and piece of time. `classOf` has the place of each series' class; series without one are left
 * out. Each piece is given its hours with the energy of all their series.
 */
export function energyTotalsOf(
  { classes, prices, pieces }: Pick<EnergyTotalsRequest, 'classes' | 'prices' | 'pieces'>,
  classOf: ReadonlyMap<number, number>,
  hours: Iterable<readonly [hour: EpochMs, energies: Iterable<readonly [series: number, energy: SeriesEnergy]>]>,
): EnergyTotal[] {
  const totals = pieces.map((): (Growing | undefined)[] => []);
  for (const [hour, energies] of hours) {
    const ofPiece = totals[pieces.findIndex(({ from, to }) => hour >= from && hour < to)];
    if (ofPiece === undefined) continue;
    const pricesNow = prices.map((price) => price(hour));
    for (const [series, { millijoules, coveredMs }] of energies) {
      const classAt = classOf.get(series);
      if (classAt === undefined) continue;
      let total = ofPiece[classAt];
      if (total === undefined) {
        total = nothing();
        ofPiece[classAt] = total;
      }
      const covered = Math.min(coveredMs, HOUR_MS);
      total.millijoules += millijoules;
      total.coveredMs += covered;
      const price = pricesNow[classes[classAt] ?? -1];
      if (price === undefined) continue;
      total.pricedMillijoules += millijoules;
      total.weightedMillijoules += millijoules * price.carbonIntensity;
      total.pricedMs += covered;
      total.worst = Math.max(total.worst, QUALITIES.indexOf(price.quality));
    }
  }
  return totals.flatMap((ofPiece, pieceAt) =>
    ofPiece.flatMap((total, classAt) =>
      total === undefined ? [] : { classAt, pieceAt, ...total, worst: worstOf(total.worst) },
    ),
  );
}

/** Adds energy up by class and hour: `classOf` and the hours as for {@link energyTotalsOf}. */
export function hourTotalsOf(
  classOf: ReadonlyMap<number, number>,
  hours: Iterable<readonly [hour: EpochMs, energies: Iterable<readonly [series: number, energy: SeriesEnergy]>]>,
): HourTotal[] {
  const totals: HourTotal[] = [];
  for (const [hour, energies] of hours) {
    const sums = new Map<number, number>();
    for (const [series, { millijoules }] of energies) {
      const classAt = classOf.get(series);
      if (classAt !== undefined) sums.set(classAt, (sums.get(classAt) ?? 0) + millijoules);
    }
    for (const [classAt, millijoules] of sums) totals.push({ classAt, hour, millijoules });
  }
  return totals;
}

function nothing(): Growing {
  return { millijoules: 0, coveredMs: 0, pricedMillijoules: 0, weightedMillijoules: 0, pricedMs: 0, worst: -1 };
}

function worstOf(place: number): Quality | undefined {
  return QUALITIES[place];
}

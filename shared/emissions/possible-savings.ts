import { type EpochMs, type Grams, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { type IntensityAt, type IntensityIn, intervalEmissions, type MeasuredEnergy } from './pricing.ts';

/** Starts that are compared at most: those of the two days after the arrival. */
const MOST_STARTS = 48;

/** Least emissions that a pod could have had in hindsight, with the same energy; undefined while no other way is known. */
export interface LeastPossible {
  /** Adds a part of the energy, an hour at most, with what it emitted. */
  add(span: MeasuredEnergy, met: number): void;
  least(): Grams | undefined;
}

/** Of the starts from its arrival to its latest start, a full hour apart, and the one that it had. */
export function leastByStart(
  times: { readonly arrivedAt: EpochMs; readonly latestStart: EpochMs; readonly boundAt: EpochMs },
  at: IntensityAt,
): LeastPossible {
  const { arrivedAt, latestStart, boundAt } = times;
  const starts = Math.min(MOST_STARTS, Math.floor((latestStart - arrivedAt) / HOUR_MS) + 1);
  const shifts = Array.from({ length: Math.max(0, starts) }, (_, index) => arrivedAt + index * HOUR_MS - boundAt);
  return leastOf(
    shifts.map((shift) => ({ start, end, joules }: MeasuredEnergy) => {
      const there = intervalEmissions(joules, start + shift, end + shift, at);
      return there.coveredMs < end - start ? undefined : there.grams;
    }),
  );
}

/** Of the zones of its candidate nodes: the whole run in one of them. */
export function leastByZone(zones: Iterable<Zone>, at: IntensityIn): LeastPossible {
  return leastOf(
    [...zones].map((zone) => ({ start, end, joules }: MeasuredEnergy) => {
      const there = intervalEmissions(joules, start, end, at(zone));
      return there.coveredMs < end - start ? undefined : there.grams;
    }),
  );
}

function leastOf(ways: readonly ((span: MeasuredEnergy) => number | undefined)[]): LeastPossible {
  // A way of which any part is not known is none: NaN stays NaN.
  const sums = ways.map(() => 0);
  let own = 0;
  let parts = 0;
  return {
    add(span, met) {
      parts += 1;
      own += met;
      for (const [index, way] of ways.entries()) sums[index] = (sums[index] ?? 0) + (way(span) ?? Number.NaN);
    },
    least() {
      const known = sums.filter((sum) => !Number.isNaN(sum));
      return parts === 0 || known.length === 0 ? undefined : (Math.min(own, ...known) as Grams);
    },
  };
}

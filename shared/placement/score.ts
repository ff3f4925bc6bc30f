import type { GramsPerKwh } from '../grid/units.ts';

/** The best score that kube-scheduler takes from an extender; it neither clamps nor reports what is above. */
const MAX_SCORE = 10;

/**
 * Intensities below this count as this, in gCO2eq/kWh: providers and methods differ by more than that on clean
 * grids, so a difference down there is noise, and 0 cannot be divided by.
 */
const INTENSITY_FLOOR = 10;

/** A machine counts as at most this much better or worse than the usual one: beyond it a measurement is more likely wrong. */
const POWER_SPREAD = 4;

/**
 * Scores candidates by what the same work would emit there: round(10 × cheapest / cost), an integer 0..10, so that
 * twice the emissions is half the score and anything within 5 % of the best is 10. The cost is the intensity, times the
 * node's power for a busy core relative to the usual one (1 where it is not measured). Unknown intensities (undefined)
 * get the rounded mean of the known scores: neither punished nor favoured. Nothing known: all 0, that is all equal.
 */
export function scores(
  intensities: readonly (GramsPerKwh | undefined)[],
  relativePowers?: readonly (number | undefined)[],
): number[] {
  const costs = intensities.map((intensity, at) => costOf(intensity, relativePowers?.[at]));
  const cheapest = lowest(costs);
  if (cheapest === undefined) return intensities.map(() => 0);
  let sum = 0;
  let known = 0;
  const scored = costs.map((cost) => {
    if (cost === undefined) return undefined;
    const score = Math.round((MAX_SCORE * cheapest) / cost);
    sum += score;
    known += 1;
    return score;
  });
  const mean = Math.round(sum / known);
  return scored.map((score) => score ?? mean);
}

/** Each power divided by the median of the known ones (the lower of two in the middle); undefined when fewer than two are known: nothing to compare. */
export function relativePowers(powers: readonly (number | undefined)[]): readonly (number | undefined)[] | undefined {
  const known = powers.filter((power) => power !== undefined).sort((a, b) => a - b);
  const median = known[Math.floor((known.length - 1) / 2)];
  if (known.length < 2 || median === undefined) return undefined;
  return powers.map((power) => (power === undefined ? undefined : power / median));
}

function costOf(intensity: GramsPerKwh | undefined, relativePower = 1): number | undefined {
  if (intensity === undefined) return undefined;
  const spread = Math.min(POWER_SPREAD, Math.max(1 / POWER_SPREAD, relativePower));
  return Math.max(intensity, INTENSITY_FLOOR) * spread;
}

function lowest(costs: readonly (number | undefined)[]): number | undefined {
  let least: number | undefined;
  for (const cost of costs) {
    if (cost !== undefined && (least === undefined || cost < least)) least = cost;
  }
  return least;
}

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
 * node's power for a busy core relative to the usual one (1 where it is not measured). Unknown intensities (undefined
 * or NaN) get the rounded mean of the known scores: neither punished nor favoured. Nothing known: all 0, that is all equal.
 */
export function scores(
  intensities: ArrayLike<GramsPerKwh | number | undefined>,
  relativePowers?: readonly (number | undefined)[],
): number[] {
  const count = intensities.length;
  let cheapest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const cost = costOf(intensities[index], relativePowers?.[index]);
    if (cost < cheapest) cheapest = cost;
  }
  const scored = new Array<number>(count).fill(0);
  if (cheapest === Number.POSITIVE_INFINITY) return scored;
  let sum = 0;
  let known = 0;
  // Many nodes share a zone, and so a cost.
  let lastCost = Number.NaN;
  let score = 0;
  for (let index = 0; index < count; index++) {
    const cost = costOf(intensities[index], relativePowers?.[index]);
    if (Number.isNaN(cost)) continue;
    if (cost !== lastCost) {
      lastCost = cost;
      score = Math.round((MAX_SCORE * cheapest) / cost);
    }
    scored[index] = score;
    sum += score;
    known += 1;
  }
  if (known === count) return scored;
  const mean = Math.round(sum / known);
  return scored.map((own, index) => (Number.isNaN(costOf(intensities[index])) ? mean : own));
}

/**
 * The scores of candidates that come in groups of one intensity each (NaN where it is not known) and without measured
 * power: for each group what `scores` gives its members. A group may be empty, and then counts for nothing.
 */
export function groupScores(intensities: readonly number[], sizes: readonly number[]): number[] {
  let cheapest = Number.POSITIVE_INFINITY;
  for (let group = 0; group < sizes.length; group++) {
    const cost = costOf(intensities[group]);
    if (sizes[group] !== 0 && cost < cheapest) cheapest = cost;
  }
  if (cheapest === Number.POSITIVE_INFINITY) return sizes.map(() => 0);
  let sum = 0;
  let known = 0;
  const scored = sizes.map((size, group) => {
    const cost = costOf(intensities[group]);
    if (size === 0 || Number.isNaN(cost)) return 0;
    const score = Math.round((MAX_SCORE * cheapest) / cost);
    sum += size * score;
    known += size;
    return score;
  });
  const mean = Math.round(sum / known);
  return scored.map((score, group) => (Number.isNaN(intensities[group]) ? mean : score));
}

/** Each power divided by the median of the known ones (the lower of two in the middle); undefined when fewer than two are known: nothing to compare. */
export function relativePowers(powers: readonly (number | undefined)[]): readonly (number | undefined)[] | undefined {
  const known = Float64Array.from(powers.filter((power) => power !== undefined)).sort();
  const median = known[Math.floor((known.length - 1) / 2)];
  if (known.length < 2 || median === undefined) return undefined;
  return powers.map((power) => (power === undefined ? undefined : power / median));
}

/** The cost of a candidate; NaN where its intensity is not known, which compares false with everything. */
function costOf(intensity: number | undefined, relativePower?: number): number {
  if (intensity === undefined) return Number.NaN;
  if (relativePower === undefined) return Math.max(intensity, INTENSITY_FLOOR);
  const spread = Math.min(POWER_SPREAD, Math.max(1 / POWER_SPREAD, relativePower));
  return Math.max(intensity, INTENSITY_FLOOR) * spread;
}

import type { GramsPerKwh } from './units.ts';

/** The best score that kube-scheduler takes from an extender; it neither clamps nor reports what is above. */
const MAX_SCORE = 10;

/**
 * Intensities below this count as this, in gCO2eq/kWh: providers and methods differ by more than that on clean
 * grids, so a difference down there is noise, and 0 cannot be divided by.
 */
const INTENSITY_FLOOR = 10;

/**
 * Scores candidates by what the same work would emit there: round(10 × cleanest / intensity), an integer 0..10, so that
 * twice the emissions is half the score and anything within 5 % of the cleanest is 10. Unknown ones (undefined) get the
 * rounded mean of the known scores: neither punished nor favoured. Nothing known: all 0, that is all equal.
 */
export function scores(intensities: readonly (GramsPerKwh | undefined)[]): number[] {
  const cleanest = cleanestOf(intensities);
  if (cleanest === undefined) return intensities.map(() => 0);
  let sum = 0;
  let known = 0;
  const scored = intensities.map((intensity) => {
    if (intensity === undefined) return undefined;
    const score = Math.round((MAX_SCORE * cleanest) / Math.max(intensity, INTENSITY_FLOOR));
    sum += score;
    known += 1;
    return score;
  });
  const mean = Math.round(sum / known);
  return scored.map((score) => score ?? mean);
}

function cleanestOf(intensities: readonly (GramsPerKwh | undefined)[]): number | undefined {
  let cleanest: number | undefined;
  for (const intensity of intensities) {
    if (intensity !== undefined && (cleanest === undefined || intensity < cleanest)) cleanest = intensity;
  }
  return cleanest === undefined ? undefined : Math.max(cleanest, INTENSITY_FLOOR);
}

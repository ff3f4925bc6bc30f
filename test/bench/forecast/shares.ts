/** Durations of the jobs, in hours. */
export const DURATIONS = [1, 4, 8] as const;
/** Hours that a job may wait. */
export const SLACK = 24;
/** Hour of the year from which jobs arrive: day 60. */
export const FIRST_START = 60 * 24;
/** Hours between two arrivals: all times of day, a third of the work. */
const ARRIVAL_STEP = 3;
const LONGEST = 8;
const WEEK = 7 * 24;

/** Which part of a year is computed: all of it takes an hour and more for all tables, a sample 15 minutes. */
export interface Sample {
  /** Whether a job that arrives at an hour counts. */
  isArrival(hour: number): boolean;
  /** Whether such a job may still look at a forecast made at an hour. */
  isForecast(hour: number): boolean;
  /** Hours after which a model is fitted anew; the product does it daily. */
  readonly refitHours: number;
}

/** One week of so many, spread over the year; 1 takes all, with a fit every week instead of every fourth. */
export function sampleOf(weeks: number): Sample {
  const isArrival = (hour: number) => Math.floor(hour / WEEK) % weeks === 0;
  return {
    isArrival,
    isForecast: (hour) => isArrival(hour) || isArrival(hour - SLACK - LONGEST - 1),
    refitHours: weeks === 1 ? WEEK : 4 * WEEK,
  };
}

/** Chooses how many hours (0 to 24) a job that arrives at an hour waits. */
export type Policy = (arrival: number, duration: number) => number;

/** Mean of the values over `[from, from + duration)`, from running sums. */
export function meanOver(sums: Float64Array, from: number, duration: number): number {
  return ((sums[from + duration] as number) - (sums[from] as number)) / duration;
}

/** Running sums: entry k is the sum of the first k values. */
export function runningSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (const [index, value] of values.entries()) sums[index + 1] = (sums[index] as number) + value;
  return sums;
}

/** The wait of least mean, earliest among equals. */
export function leastWait(sums: Float64Array, arrival: number, duration: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let wait = 0; wait <= SLACK; wait++) {
    const mean = meanOver(sums, arrival + wait, duration);
    if (mean < least - 1e-9) {
      least = mean;
      best = wait;
    }
  }
  return best;
}

/** Share of the clairvoyant saving in percent (mean over the durations), the saving itself in percent of running now, and the mean wait in hours. */
export function shareOf(
  actual: Float64Array,
  policy: Policy,
  isArrival: (hour: number) => boolean = () => true,
  durations: readonly number[] = DURATIONS,
): { share: number; saving: number; wait: number } {
  const sums = runningSums(actual);
  let share = 0;
  let saving = 0;
  let wait = 0;
  let count = 0;
  for (const duration of durations) {
    let saved = 0;
    let possible = 0;
    let now = 0;
    for (let arrival = FIRST_START; arrival + SLACK + LONGEST <= actual.length; arrival += ARRIVAL_STEP) {
      if (!isArrival(arrival)) continue;
      const atOnce = meanOver(sums, arrival, duration);
      const waited = policy(arrival, duration);
      wait += waited;
      count += 1;
      saved += atOnce - meanOver(sums, arrival + waited, duration);
      possible += atOnce - meanOver(sums, arrival + leastWait(sums, arrival, duration), duration);
      now += atOnce;
    }
    share += (100 * saved) / possible / durations.length;
    saving += (100 * saved) / now / durations.length;
  }
  return { share, saving, wait: wait / count };
}

/** Share of the contiguous clairvoyant saving by work that may pause, by duration and as their mean; and missed deadlines. */
export function shareOfPaused(
  actual: Float64Array,
  meanOf: (arrival: number, duration: number) => { readonly mean: number; readonly isLate: boolean },
  isArrival: (hour: number) => boolean,
): { readonly byDuration: readonly number[]; readonly share: number; readonly late: number } {
  const sums = runningSums(actual);
  let late = 0;
  const byDuration = DURATIONS.map((duration) => {
    let [saved, possible] = [0, 0];
    for (let arrival = FIRST_START; arrival + SLACK + LONGEST <= actual.length; arrival += ARRIVAL_STEP) {
      if (!isArrival(arrival)) continue;
      const atOnce = meanOver(sums, arrival, duration);
      const { mean, isLate } = meanOf(arrival, duration);
      saved += atOnce - mean;
      possible += atOnce - meanOver(sums, arrival + leastWait(sums, arrival, duration), duration);
      if (isLate) late += 1;
    }
    return (100 * saved) / possible;
  });
  return { byDuration, share: byDuration.reduce((a, b) => a + b, 0) / byDuration.length, late };
}

import { quantile, quantileOf } from '../grid/quantile.ts';

/** Errors (value minus forecast, gCO2eq/kWh) of past forecasts, by hours ahead, oldest first. */
export type ErrorsByHour = readonly (readonly number[])[];

/** How far below and above the forecast the value is expected with 80 % probability, by hours ahead. */
export interface Band {
  /** Lower edge minus forecast, at most 0. */
  readonly below: Float64Array;
  /** Upper edge minus forecast, at least 0. */
  readonly above: Float64Array;
  /** By group of hours ahead ({@link bandGroup}): the share of the past errors that lies between its edges. */
  readonly shares: readonly number[];
}

/** How many values of a group of hours ahead have been compared with a band, and how many of them it held. */
export interface BandHits {
  compared: number;
  held: number;
}

/** Probability that a value is within the band. */
const NOMINAL = 0.8;
/** Share of the past errors between the edges where too few are known to calibrate it. */
const USUAL_SHARE = 0.86;
/** The calibrated share stays within these: a few weeks can mislead. */
const LEAST_SHARE = 0.74;
const MOST_SHARE = 0.94;
const FEWEST_ERRORS = 24;
/** Hours ahead at which a group ends whose share is calibrated together: the hour in progress apart from the next. */
const GROUP_ENDS = [1, 3, 6, 12, 24, 48] as const;
/** The errors are cut into so many spans of time; each but the first tests the band of all before it. */
const SPANS = 4;
/** Fewer tested errors than this in a group, and the usual share is taken. */
const FEWEST_TESTED = 100;
/** How far the share moves in a day on which the band held nothing or all: weeks, not days, decide. */
const STEP_PER_DAY = 0.06;
/** A longer time since the last fit counts as so many days. */
const MOST_DAYS = 7;
/** An adapted share stays within these. */
const ADAPTED = { least: 0.5, most: 0.98 } as const;

/**
 * The band that past errors give, neighbouring hours ahead pooled. It is calibrated as in split conformal prediction: the
 * share of errors between its edges is the one that would have held 80 % of the later errors, by groups of hours ahead.
 * With `adapted` shares those are taken instead. An hour with too few errors takes the widest before it. Undefined when the
 * first hour already has too few.
 */
export function bandFrom(errors: ErrorsByHour, adapted?: readonly number[]): Band | undefined {
  const below = new Float64Array(errors.length);
  const above = new Float64Array(errors.length);
  const shares = adapted ?? calibratedShares(errors);
  for (let ahead = 0; ahead < errors.length; ahead++) {
    const pooled = pooledErrors(errors, ahead, 1);
    if (pooled.length < FEWEST_ERRORS) {
      if (ahead === 0) return undefined;
      below[ahead] = Math.min(...below.subarray(0, ahead));
      above[ahead] = Math.max(...above.subarray(0, ahead));
      continue;
    }
    const share = shares[bandGroup(ahead)] ?? USUAL_SHARE;
    below[ahead] = Math.min(0, quantile(pooled, (1 - share) / 2));
    above[ahead] = Math.max(0, quantile(pooled, (1 + share) / 2));
  }
  return { below, above, shares };
}

/** Hits of no value yet, one for each group. */
export function noHits(): BandHits[] {
  return Array.from({ length: GROUP_ENDS.length + 1 }, () => ({ compared: 0, held: 0 }));
}

/**
 * Adaptive conformal inference (Gibbs and Candès 2021): the shares of a band after it met some days of new values. Each moves
 * up by how much less than {@link NOMINAL} of its values were held, or down, so that over months as many are held as
 * should be, whatever the zone does. A group without new values keeps its share.
 */
export function adaptedShares(shares: readonly number[], hits: readonly BandHits[], days: number): readonly number[] {
  const step = STEP_PER_DAY * Math.min(MOST_DAYS, days);
  return shares.map((share, group) => {
    const { compared, held } = hits[group] ?? { compared: 0, held: 0 };
    if (compared === 0) return share;
    return Math.min(ADAPTED.most, Math.max(ADAPTED.least, share + step * (NOMINAL - held / compared)));
  });
}

/** By group of hours ahead: the share of earlier errors that would have held {@link NOMINAL} of the later ones. */
function calibratedShares(errors: ErrorsByHour): readonly number[] {
  const needed: number[][] = Array.from({ length: GROUP_ENDS.length + 1 }, () => []);
  for (const [ahead, all] of errors.entries()) {
    for (let span = 1; span < SPANS; span++) {
      const earlier = pooledErrors(errors, ahead, span / SPANS);
      if (earlier.length < FEWEST_ERRORS) continue;
      const later = all.slice(Math.floor((all.length * span) / SPANS), Math.floor((all.length * (span + 1)) / SPANS));
      for (const error of later) needed[bandGroup(ahead)]?.push(Math.abs(2 * rankOf(earlier, error) - 1));
    }
  }
  return needed.map((shares) =>
    shares.length < FEWEST_TESTED
      ? USUAL_SHARE
      : Math.min(MOST_SHARE, Math.max(LEAST_SHARE, quantileOf(shares, NOMINAL))),
  );
}

/** The first part (0 to 1) of the errors of an hour ahead and its neighbours, ascending; the hour in progress has none. */
function pooledErrors(errors: ErrorsByHour, ahead: number, part: number): Float64Array {
  const hours = ahead === 0 ? errors.slice(0, 1) : errors.slice(Math.max(1, ahead - 1), ahead + 2);
  return Float64Array.from(hours.flatMap((all) => all.slice(0, Math.floor(all.length * part)))).sort();
}

/** The group of hours ahead, counted from the first unknown hour (0), whose share is one. */
export function bandGroup(ahead: number): number {
  const group = GROUP_ENDS.findIndex((end) => ahead < end);
  return group < 0 ? GROUP_ENDS.length : group;
}

/** Share of ascending values that are below one. */
function rankOf(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low / ascending.length;
}

import { quantile } from '../grid/quantile.ts';

/** Errors (reading minus forecast, gCO2eq/kWh) of past forecasts, by hours ahead. */
export type ErrorsByHour = readonly number[][];

/** How far below and above the forecast the reading is expected with 80 % probability, by hours ahead. */
export interface Band {
  /** Lower edge minus forecast, at most 0. */
  readonly below: Float64Array;
  /** Upper edge minus forecast, at least 0. */
  readonly above: Float64Array;
}

/** Share of the past errors between the edges: the next weeks differ from the last ones, so that this much holds 80 %. */
const TAUGHT_SHARE = 0.86;
const FEWEST_ERRORS = 24;

/** The band that past errors teach, neighbouring hours ahead pooled; an hour with too few errors takes the widest before it. Undefined when the first hour already has too few. */
export function bandFrom(errors: ErrorsByHour): Band | undefined {
  const below = new Float64Array(errors.length);
  const above = new Float64Array(errors.length);
  for (let ahead = 0; ahead < errors.length; ahead++) {
    const pooled = Float64Array.from(errors.slice(Math.max(0, ahead - 1), ahead + 2).flat()).sort();
    if (pooled.length < FEWEST_ERRORS) {
      if (ahead === 0) return undefined;
      below[ahead] = Math.min(...below.subarray(0, ahead));
      above[ahead] = Math.max(...above.subarray(0, ahead));
      continue;
    }
    below[ahead] = Math.min(0, quantile(pooled, (1 - TAUGHT_SHARE) / 2));
    above[ahead] = Math.max(0, quantile(pooled, (1 + TAUGHT_SHARE) / 2));
  }
  return { below, above };
}

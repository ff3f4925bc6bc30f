import { quantileOf } from '../grid/quantile.ts';

/** Runs that are looked back on: enough to be steady, few enough to follow a change. */
const RUNS_REMEMBERED = 50;
const FEWEST_RUNS = 3;
/** Rather too long than too short: a window that is too short hides the dirty hours behind it. */
const COVERED_SHARE = 0.9;

/** The duration to plan with, learnt from the same owner's earlier runs (hours, oldest first): long enough for nine of ten. Undefined before the third run. */
export function learntDuration(earlierRuns: readonly number[]): number | undefined {
  const runs = earlierRuns.filter((hours) => Number.isFinite(hours) && hours > 0).slice(-RUNS_REMEMBERED);
  if (runs.length < FEWEST_RUNS) return undefined;
  return quantileOf(runs, COVERED_SHARE);
}

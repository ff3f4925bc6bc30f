import { instant, instantOf } from '../../shared/grid/instant.ts';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import type { RequestIssue } from './problem.ts';

/** Query parameters of a range of time: from ≤ t < to. */
export const rangeQuery = { from: instant.optional(), to: instant.optional() };

/** The requested range; the last 24 hours unless one is given. */
export function requestedRange(
  { from, to }: { from?: EpochMs | undefined; to?: EpochMs | undefined },
  now: EpochMs,
): TimeRange {
  const end = to ?? now;
  return { from: from ?? end - 24 * HOUR_MS, to: end };
}

/** Issues between the two ends of a range that is at most some days long. */
export function rangeIssues(input: Readonly<Record<string, unknown>>, now: EpochMs, maxDays: number): RequestIssue[] {
  const { from, to } = requestedRange({ from: instantOf(input.from), to: instantOf(input.to) }, now);
  if (to <= from)
    return [{ pointer: input.to === undefined ? '/from' : '/to', detail: 'from is not before to', isConflict: true }];
  if (to - from > maxDays * 24 * HOUR_MS)
    return [{ pointer: '/from', detail: `is more than ${maxDays} days before to`, isConflict: true }];
  return [];
}

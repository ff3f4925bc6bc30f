import { z } from 'zod';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import type { TimeRange } from '../../shared/records/power.ts';
import type { RequestIssue } from './problem.ts';

const instant = z.iso.datetime({ offset: true, error: 'is not a time such as 2026-01-01T12:00:00Z' });

/** Query parameters of a range of time: from ≤ t < to. */
export const rangeQuery = { from: instant.optional(), to: instant.optional() };

/** The range that is asked for; the last 24 hours unless it says otherwise. */
export function askedRange(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  now: EpochMs,
): TimeRange {
  const end = to === undefined ? now : Date.parse(to);
  return { from: from === undefined ? end - 24 * HOUR_MS : Date.parse(from), to: end };
}

/** Faults between the two ends of a range that is at most some days long. */
export function rangeIssues(input: Readonly<Record<string, unknown>>, now: EpochMs, maxDays: number): RequestIssue[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const { from, to } = askedRange({ from: text(input.from), to: text(input.to) }, now);
  if (to <= from) return [{ pointer: input.to === undefined ? '/from' : '/to', detail: 'from is not before to' }];
  if (to - from > maxDays * 24 * HOUR_MS)
    return [{ pointer: '/from', detail: `is more than ${maxDays} days before to` }];
  return [];
}

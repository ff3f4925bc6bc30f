import { instantOf } from '../../shared/grid/instant.ts';
import type { RequestIssue } from './problem.ts';

/** The issue of a range that does not go forward; none where an end is absent or not a time, which the schema reports. */
export function timeOrderIssues(
  input: Readonly<Record<string, unknown>>,
  start = 'start_time',
  end = 'end_time',
): RequestIssue[] {
  const from = instantOf(input[start]);
  const to = instantOf(input[end]);
  if (from === undefined || to === undefined || from < to) return [];
  return [{ pointer: `/${end}`, detail: `is not after ${start}`, isConflict: true }];
}

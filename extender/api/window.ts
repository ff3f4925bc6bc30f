import { z } from 'zod';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import { parseWindow, WINDOW_FORMS, writtenWindow } from '../../shared/records/time-window.ts';
import { windowPattern } from './openapi/patterns.ts';
import type { RequestIssue } from './problem.ts';

/** A query parameter in the form of a window; {@link windowIssues} judges its order and length. */
export function windowText(maxDays: 31 | 366) {
  return z
    .string()
    .max(80)
    .refine((text) => writtenWindow(text, 0) !== undefined, `is not a valid window; use ${WINDOW_FORMS}`)
    .meta({
      description: `Span of time: ${WINDOW_FORMS}; at most ${maxDays} days`,
      pattern: windowPattern(maxDays),
    });
}

/**
 * Issues of a window that is reversed, before 1970 or too long. Between two written times no pattern can say so: these are
 * conflicts; a duration that is too long does not match the pattern.
 */
export function windowIssues(text: unknown, now: EpochMs, maxDays: 31 | 366): RequestIssue[] {
  if (typeof text !== 'string' || writtenWindow(text, now) === undefined) return [];
  const range = parseWindow(text, now);
  if (range !== undefined && range.to - range.from <= maxDays * 24 * HOUR_MS) return [];
  const detail =
    range === undefined ? 'must start in 1970 or later and end after its start' : `is longer than ${maxDays} days`;
  const isConflict = new RegExp(windowPattern(maxDays)).test(text);
  return [{ pointer: '/window', detail, ...(isConflict && { isConflict }) }];
}

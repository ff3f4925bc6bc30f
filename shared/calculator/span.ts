import type { HourlyIntensity } from '../grid/intensity.ts';
import { HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { TimeRange } from '../records/power.ts';

/** From the first to the end of the last recorded hour of a zone; undefined when nothing is recorded. */
export function recordedSpan(history: readonly HourlyIntensity[], zone: Zone): TimeRange | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const hour of history) {
    if (hour.zone !== zone) continue;
    from = Math.min(from, hour.hour);
    to = Math.max(to, hour.hour + HOUR_MS);
  }
  return from < to ? { from, to } : undefined;
}

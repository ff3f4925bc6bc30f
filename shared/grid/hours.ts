import { type EpochMs, HOUR_MS, hourOf } from './units.ts';

/**
 * Cuts an interval [from, to) at full UTC hours, oldest part first: `visit` gets the start of the hour, and the
 * milliseconds of the interval within it. An empty or reversed interval has no parts.
 */
export function forEachHour(from: EpochMs, to: EpochMs, visit: (hour: EpochMs, ms: number) => void): void {
  if (!(from < to)) return;
  for (let hour = hourOf(from); hour < to; hour += HOUR_MS)
    visit(hour, Math.min(to, hour + HOUR_MS) - Math.max(from, hour));
}

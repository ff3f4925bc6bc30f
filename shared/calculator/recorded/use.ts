import { type EpochMs, HOUR_MS } from '../../grid/units.ts';
import type { HourlyEnergy, TimeRange } from '../../records/power.ts';
import type { HourlyUse } from '../intensity-used.ts';
import { type Selector, selects } from '../selector.ts';

/** Energy of some containers by hour, and how much of the time it is known. */
export interface RecordedUse {
  readonly hours: readonly (HourlyUse & { readonly coveredMs: number })[];
  readonly joules: number;
  /** Part of the period for which power of at least one of them is recorded, 0..1. */
  readonly coverage: number;
}

/** Adds up the recorded hours of the selected containers. */
export async function recordedUse(
  hourly: AsyncIterable<HourlyEnergy> | Iterable<HourlyEnergy>,
  selector: Selector,
  period: TimeRange,
): Promise<RecordedUse> {
  const hours = new Map<EpochMs, { joules: number; coveredMs: number }>();
  for await (const { container, hour, joules, coveredMs } of hourly) {
    if (!selects(selector, container) || hour < period.from || hour >= period.to) continue;
    const known = hours.get(hour) ?? { joules: 0, coveredMs: 0 };
    hours.set(hour, { joules: known.joules + joules, coveredMs: Math.max(known.coveredMs, coveredMs) });
  }
  let total = 0;
  let coveredMs = 0;
  for (const hour of hours.values()) {
    total += hour.joules;
    coveredMs += hour.coveredMs;
  }
  return {
    hours: [...hours].map(([hour, known]) => ({ hour, amount: known.joules, coveredMs: known.coveredMs })),
    joules: total,
    coverage: Math.min(1, coveredMs / (period.to - period.from)),
  };
}

/** The full hours that a period touches: recorded energy is kept by the hour. */
export function fullHours({ from, to }: TimeRange): TimeRange {
  return { from: Math.floor(from / HOUR_MS) * HOUR_MS, to: Math.ceil(to / HOUR_MS) * HOUR_MS };
}

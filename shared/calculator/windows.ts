import { type EpochMs, HOUR_MS, isoTime } from '../grid/units.ts';

/** The intensity of one hour, known or forecast. */
export interface HourValue {
  readonly hour: EpochMs;
  readonly gCO2_per_kWh: number;
}

/** Consecutive hours and their mean intensity. */
export interface CleanWindow {
  readonly from: string;
  /** Not included. */
  readonly to: string;
  readonly avg_gCO2_per_kWh: number;
  /** Percent below the mean of all hours looked at; negative is above. */
  readonly percent_below_mean: number;
}

/** The cleanest windows of some hours, best first, none overlapping another. A window with a gap does not count. */
export function cleanestWindows(values: readonly HourValue[], hours: number, count: number): CleanWindow[] {
  const sorted = [...values].sort((a, b) => a.hour - b.hour);
  let total = 0;
  for (const { gCO2_per_kWh } of sorted) total += gCO2_per_kWh;
  const mean = total / sorted.length;
  const all: { start: EpochMs; avg: number }[] = [];
  for (let first = 0; first + hours <= sorted.length; first++) {
    const window = sorted.slice(first, first + hours);
    const start = window[0]?.hour ?? 0;
    if (window.at(-1)?.hour !== start + (hours - 1) * HOUR_MS) continue;
    let sum = 0;
    for (const { gCO2_per_kWh } of window) sum += gCO2_per_kWh;
    all.push({ start, avg: sum / hours });
  }
  // Of those alike the earlier comes first, as it does in `all`.
  all.sort((a, b) => a.avg - b.avg);
  const best: typeof all = [];
  for (const window of all) {
    if (best.length >= count) break;
    if (best.every(({ start }) => Math.abs(start - window.start) >= hours * HOUR_MS)) best.push(window);
  }
  return best.map(({ start, avg }) => ({
    from: isoTime(start),
    to: isoTime(start + hours * HOUR_MS),
    avg_gCO2_per_kWh: avg,
    percent_below_mean: mean > 0 ? (1 - avg / mean) * 100 : 0,
  }));
}

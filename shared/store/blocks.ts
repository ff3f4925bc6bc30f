import { forEachHour } from '../grid/hours.ts';
import { type EpochMs, HOUR_MS } from '../grid/units.ts';

/** Number of the minute that a sample belongs to: the one that holds the last millisecond of its interval. */
export function blockOf(end: EpochMs): number {
  return Math.floor((end - 1) / 60_000);
}

/** Shares energy out among the UTC hours that an interval touches, evenly over time; the shares are whole and add up. */
export function splitByHour(
  start: EpochMs,
  end: EpochMs,
  millijoules: number,
  take: (hour: EpochMs, millijoules: number, ms: number) => void,
): void {
  let rest = millijoules;
  forEachHour(start, end, (hour, ms) => {
    const share = hour + HOUR_MS >= end ? rest : Math.round((millijoules * ms) / (end - start));
    rest -= share;
    take(hour, share, ms);
  });
}

import type { EpochMs } from '../../../shared/grid/units.ts';

/** A time cut into spans of at most a length, for services that limit the span of one request; oldest first. */
export function spans(from: EpochMs, to: EpochMs, longestMs: number): [start: EpochMs, end: EpochMs][] {
  const found: [EpochMs, EpochMs][] = [];
  for (let start = from; start < to; start += longestMs) found.push([start, Math.min(start + longestMs, to)]);
  return found;
}

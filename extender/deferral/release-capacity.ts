import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import type { WaitingWork } from './waiting-work.ts';

/** How much is planned for each hour, against what can be released in one. */
export interface ReleaseCapacity {
  /** Whether no more can be planned for the hour of a start. */
  isFull(start: EpochMs): boolean;
  /** Records a new plan, and takes back the one it replaces. */
  plan(start: EpochMs, replaced?: EpochMs): void;
}

/** Counts the plans that are written on what waits. An hour takes as many releases as the rate allows in it. */
export function createReleaseCapacity(all: readonly WaitingWork[], releasePerMinute: number): ReleaseCapacity {
  const capacity = releasePerMinute * 60;
  const planned = new Map<EpochMs, number>();
  const add = (start: EpochMs, count: number) => planned.set(hourOf(start), (planned.get(hourOf(start)) ?? 0) + count);
  for (const { plan } of all) if (plan) add(plan.start, 1);
  return {
    isFull: (start) => (planned.get(hourOf(start)) ?? 0) >= capacity,
    plan(start, replaced) {
      add(start, 1);
      if (replaced !== undefined) add(replaced, -1);
    },
  };
}

/**
 * What the choice of an hour is worth for a piece of work, in CPU-hours: requested processors of all its pods times expected hours. Work
 * without requests counts as a tenth of a processor, so that it is spread by its duration.
 */
export function worthOf({ requirements, pods }: WaitingWork, durationHours: number): number {
  return (requirements.requests.cpu || 0.1) * pods * durationHours;
}

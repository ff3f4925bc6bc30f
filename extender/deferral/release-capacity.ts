import { type EpochMs, HOUR_MS, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Amounts, Space } from './space.ts';
import type { WaitingWork } from './waiting-work.ts';

/** How much is planned for each hour, against what can be released in one and what fits. */
export interface ReleaseCapacity {
  /** Whether no more of this work can be planned for a start in a zone. */
  isFull(work: WaitingWork, start: EpochMs, zone: Zone): boolean;
  /** Counts a plan of the work. */
  add(work: WaitingWork, start: EpochMs, zone: Zone): void;
  /** Takes the plan that is written on the work back. */
  remove(work: WaitingWork): void;
}

/** What capacity is counted with. */
export interface CapacityOptions {
  readonly releasePerMinute: number;
  /** Expected hours. */
  readonly durationOf: (work: WaitingWork) => number;
  /** What work would fill if it ran in a zone; nothing where that is not known. */
  readonly spacesOf: (work: WaitingWork, zone: Zone) => readonly Space[];
}

/** Sums of decimal fractions miss their total by less. */
const ROUNDING = 1e-9;

/**
 * Counts the plans that are written on what waits. An hour takes as many releases as the rate allows in it, and as much
 * work as fits into what is free now, on the mean of the hour. Work that would not fit even alone is not held up by
 * that: whether other work ends or nodes are added by then is not known.
 */
export function createReleaseCapacity(all: readonly WaitingWork[], options: CapacityOptions): ReleaseCapacity {
  const releases = options.releasePerMinute * 60;
  const planned = new Map<EpochMs, number>();
  const filled = new Map<string, Record<string, number>>();
  const known = new Map<WaitingWork, Map<Zone, readonly Space[]>>();
  const spacesOf = (work: WaitingWork, zone: Zone): readonly Space[] => {
    const byZone = known.get(work) ?? new Map<Zone, readonly Space[]>();
    known.set(work, byZone);
    const spaces = byZone.get(zone) ?? options.spacesOf(work, zone);
    byZone.set(zone, spaces);
    return spaces;
  };
  const count = (work: WaitingWork, start: EpochMs, zone: Zone, sign: 1 | -1) => {
    planned.set(hourOf(start), (planned.get(hourOf(start)) ?? 0) + sign);
    const demand = demandOf(work);
    for (const { pool } of spacesOf(work, zone))
      for (const { hour, share } of hoursOf(start, options.durationOf(work))) {
        const sums = filled.get(`${pool} ${hour}`) ?? {};
        filled.set(`${pool} ${hour}`, sums);
        for (const [name, amount] of Object.entries(demand)) sums[name] = (sums[name] ?? 0) + sign * share * amount;
      }
  };
  for (const work of all) if (work.plan) count(work, work.plan.start, work.plan.zone, 1);
  return {
    isFull(work, start, zone) {
      if ((planned.get(hourOf(start)) ?? 0) >= releases) return true;
      const demands = Object.entries(demandOf(work));
      const fits = ({ pool, free }: Space) => {
        const demand = demands.filter(([name]) => name in free);
        if (demand.some(([name, amount]) => amount > (free[name] ?? 0) * (1 + ROUNDING))) return true;
        return hoursOf(start, options.durationOf(work)).every(({ hour, share }) => {
          const sums = filled.get(`${pool} ${hour}`);
          return demand.every(
            ([name, amount]) => (sums?.[name] ?? 0) + share * amount <= (free[name] ?? 0) * (1 + ROUNDING),
          );
        });
      };
      return !spacesOf(work, zone).every(fits);
    },
    add: (work, start, zone) => count(work, start, zone, 1),
    remove: (work) => work.plan && count(work, work.plan.start, work.plan.zone, -1),
  };
}

/** The hours that work runs in, each with the share of it. */
function hoursOf(start: EpochMs, durationHours: number): { readonly hour: EpochMs; readonly share: number }[] {
  const end = start + durationHours * HOUR_MS;
  const hours = [];
  for (let hour = hourOf(start); hour < end; hour += HOUR_MS)
    hours.push({ hour, share: (Math.min(end, hour + HOUR_MS) - Math.max(start, hour)) / HOUR_MS });
  return hours;
}

function demandOf({ requirements, pods }: WaitingWork): Amounts {
  return Object.fromEntries(Object.entries(requirements.requests).map(([name, amount]) => [name, amount * pods]));
}

/**
 * What the choice of an hour is worth for a piece of work, in CPU-hours: requested processors of all its pods times expected hours. Work
 * without requests counts as a tenth of a processor, so that it is spread by its duration.
 */
export function worthOf({ requirements, pods }: WaitingWork, durationHours: number): number {
  return (requirements.requests.cpu || 0.1) * pods * durationHours;
}

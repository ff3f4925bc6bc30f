import { quantileOf } from '../grid/quantile.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { latestStart, type SimulatedJob } from './jobs.ts';
import type { Policy } from './policy.ts';
import type { World } from './world.ts';

const THRESHOLD_HOURS = 28 * 24;
const DAY_MS = 24 * HOUR_MS;
/** Hour of the day, UTC, of the cron schedule `0 3 * * *`. */
const NIGHT_HOUR = 3;
/** Days of which the usual hour is taken. */
const USUAL_DAYS = 7;

/** At arrival, in the zone that is cleanest in that hour. */
export function runNow(world: World): Policy {
  return (job) => {
    const zone = cleanestAt(world, job);
    return zone && { start: job.arrival, zone };
  };
}

/** At the next 03:00 UTC, as with the cron schedule `0 3 * * *`; at arrival where that is after the latest start. */
export function atNight(world: World): Policy {
  return (job) => {
    const zone = cleanestAt(world, job);
    const midnight = Math.floor(job.arrival / DAY_MS) * DAY_MS;
    const tonight = [midnight, midnight + DAY_MS]
      .map((day) => day + NIGHT_HOUR * HOUR_MS)
      .find((at) => at >= job.arrival);
    const start = tonight !== undefined && tonight <= latestStart(job) ? tonight : job.arrival;
    return zone && { start, zone };
  };
}

/** At the start that would have been best on average over the seven days before the arrival; at arrival before these are known. */
export function usualHour(world: World): Policy {
  return (job) => {
    const zone = cleanestAt(world, job);
    let best = { start: job.arrival, mean: Number.POSITIVE_INFINITY };
    for (let start = job.arrival; start <= latestStart(job); start = hourOf(start) + HOUR_MS) {
      const mean = zone && usualMean(world, zone, job, start);
      if (mean === undefined) return zone && { start: job.arrival, zone };
      if (mean < best.mean) best = { start, mean };
    }
    return zone && { start: best.start, zone };
  };
}

/** Mean of the window that begins at the same time on the last days that were over at the arrival. */
function usualMean(world: World, zone: Zone, job: SimulatedJob, start: EpochMs): number | undefined {
  const daysBack = Math.ceil((start + job.durationHours * HOUR_MS - job.arrival) / DAY_MS);
  let sum = 0;
  for (let day = daysBack; day < daysBack + USUAL_DAYS; day++) {
    const mean = world.actualMean(zone, start - day * DAY_MS, job.durationHours);
    if (mean === undefined) return undefined;
    sum += mean;
  }
  return sum / USUAL_DAYS;
}

/** The first hour at or under a percentile of the four weeks before the arrival, or the deadline. */
export function belowThreshold(world: World, percent: number): Policy {
  const thresholds = new Map<string, number>();
  return (job) => {
    const zone = cleanestAt(world, job);
    const values = zone && world.trace.zones.get(zone);
    if (!zone || !values) return undefined;
    const first = Math.floor((job.arrival - world.trace.start) / HOUR_MS);
    const day = Math.floor(first / 24) * 24;
    const key = `${zone} ${day}`;
    const past = () => values.slice(Math.max(0, day - THRESHOLD_HOURS), day).filter((value) => !Number.isNaN(value));
    const threshold = thresholds.get(key) ?? quantileOf(past(), percent / 100);
    thresholds.set(key, threshold);
    if (Number.isNaN(threshold)) return { start: job.arrival, zone };
    for (let hour = first; world.trace.start + hour * HOUR_MS <= latestStart(job); hour++) {
      if ((values[hour] as number) <= threshold)
        return { start: Math.max(job.arrival, world.trace.start + hour * HOUR_MS), zone };
    }
    return { start: latestStart(job), zone };
  };
}

/** Whether a job may run in a zone. */
export function mayRunIn({ zones }: SimulatedJob, zone: Zone): boolean {
  return zones === undefined || zones.includes(zone);
}

function cleanestAt(world: World, job: SimulatedJob): Zone | undefined {
  const hour = Math.floor((job.arrival - world.trace.start) / HOUR_MS);
  let cleanest: { zone: Zone; value: number } | undefined;
  for (const zone of world.zones) {
    if (!mayRunIn(job, zone)) continue;
    const value = world.trace.zones.get(zone)?.[hour] ?? Number.NaN;
    if (!Number.isNaN(value) && (!cleanest || value < cleanest.value)) cleanest = { zone, value };
  }
  return cleanest?.zone;
}

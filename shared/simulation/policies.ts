import { type Candidate, plan, type Slot } from '../deferral/plan.ts';
import { revise } from '../deferral/replan.ts';
import { quantileOf } from '../grid/quantile.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import { latestStart, type SimulatedJob } from './jobs.ts';
import type { World } from './world.ts';

/** When and where a policy starts a job. */
export interface Start {
  readonly start: EpochMs;
  readonly zone: Zone;
}

/** Chooses the start of a job; undefined where nothing is known about the zones at its arrival. */
export type Policy = (job: SimulatedJob) => Start | undefined;

/** How policies decide. */
export interface PolicySettings {
  /** Least saving that is worth a wait; absent: the controller's default. */
  readonly minSavingPercent?: number | undefined;
  /** Percentile of the last four weeks that the threshold policy waits for. */
  readonly thresholdPercent: number;
}

/** Policies by the names that the command line takes. */
export const POLICY_NAMES = ['now', 'threshold', 'forecast', 'revised', 'oracle'] as const;
/** One of {@link POLICY_NAMES}. */
export type PolicyName = (typeof POLICY_NAMES)[number];

const THRESHOLD_HOURS = 28 * 24;

/** The policy of a name. */
export function policyOf(name: PolicyName, world: World, settings: PolicySettings): Policy {
  switch (name) {
    case 'now':
      return runNow(world);
    case 'threshold':
      return belowThreshold(world, settings.thresholdPercent);
    case 'forecast':
      return planOnce(world, (job) => world.forecast(job.arrival), settings.minSavingPercent);
    case 'revised':
      return planAndRevise(world, settings.minSavingPercent);
    case 'oracle':
      return clairvoyant(world, 0);
    default:
      return name satisfies never;
  }
}

/** Plans with the true future, distorted by a relative error: 0 is the oracle. Waits for any saving. */
export function clairvoyant(world: World, error: number): Policy {
  const ahead = (job: SimulatedJob) =>
    world.truth(job.arrival, Math.ceil(job.slackHours + job.durationHours) + 2, error);
  return planOnce(world, ahead, 0);
}

/** At arrival, in the zone that is cleanest in that hour. */
function runNow(world: World): Policy {
  return (job) => {
    const zone = cleanestAt(world, job);
    return zone && { start: job.arrival, zone };
  };
}

function planOnce(
  world: World,
  ahead: (job: SimulatedJob) => readonly Candidate[],
  minSavingPercent: number | undefined,
): Policy {
  const now = runNow(world);
  return (job) => {
    const decided = plan({
      now: job.arrival,
      durationHours: job.durationHours,
      latestStart: latestStart(job),
      candidates: ahead(job).filter(({ zone }) => mayRunIn(job, zone)),
      ...(minSavingPercent !== undefined && { minSavingPercent }),
    });
    if (decided.kind === 'wait') return decided.slot;
    return 'now' in decided ? decided.now : now(job);
  };
}

/** What the deferral controller does: plans at arrival, and looks again every hour until the job runs. */
function planAndRevise(world: World, minSavingPercent: number | undefined): Policy {
  const now = runNow(world);
  return (job) => {
    let slot: Slot | undefined;
    for (let time = job.arrival; time <= latestStart(job); time = hourOf(time) + HOUR_MS) {
      const request = {
        now: time,
        durationHours: job.durationHours,
        latestStart: latestStart(job),
        candidates: world.forecast(time).filter(({ zone }) => mayRunIn(job, zone)),
        ...(minSavingPercent !== undefined && { minSavingPercent }),
      };
      if (slot === undefined) {
        const decided = plan(request);
        if (decided.kind === 'wait') slot = decided.slot;
        else if (decided.kind === 'run-now') return 'now' in decided ? decided.now : now({ ...job, arrival: time });
      } else {
        const revision = revise(slot, request);
        if (revision.kind === 'change') slot = revision.slot;
      }
      if (slot !== undefined && slot.start < hourOf(time) + HOUR_MS) return slot;
    }
    return slot ?? now({ ...job, arrival: latestStart(job) });
  };
}

/** The first hour at or under a percentile of the four weeks before the arrival, or the deadline. */
function belowThreshold(world: World, percent: number): Policy {
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

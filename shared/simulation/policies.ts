import { type Candidate, plan, type Slot } from '../deferral/plan.ts';
import { revise } from '../deferral/replan.ts';
import { HOUR_MS, hourOf } from '../grid/units.ts';
import { atNight, belowThreshold, mayRunIn, runNow, usualHour } from './baselines.ts';
import { latestStart, type SimulatedJob } from './jobs.ts';
import { inPieces } from './paused.ts';
import type { Policy } from './policy.ts';
import type { World } from './world.ts';

/** How policies decide. */
export interface PolicySettings {
  /** Least saving that is worth a wait; absent: the controller's default. */
  readonly minSavingPercent?: number | undefined;
  /** Percentile of the last four weeks that the threshold policy waits for. */
  readonly thresholdPercent: number;
}

/** Policies by the names that the command line takes. */
export const POLICY_NAMES = [
  'now',
  'night',
  'usual-hour',
  'threshold',
  'forecast',
  'revised',
  'paused',
  'oracle',
] as const;
/** One of {@link POLICY_NAMES}. */
export type PolicyName = (typeof POLICY_NAMES)[number];

/** The policy of a name. */
export function policyOf(name: PolicyName, world: World, settings: PolicySettings): Policy {
  switch (name) {
    case 'now':
      return runNow(world);
    case 'night':
      return atNight(world);
    case 'usual-hour':
      return usualHour(world);
    case 'paused':
      return inPieces(world);
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

import {
  bestSlot,
  type Candidate,
  latestStartOf,
  type PlanRequest,
  plan,
  type Slot,
} from '../../shared/deferral/plan.ts';
import { revise } from '../../shared/deferral/replan.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { ForecastView } from './candidates.ts';
import type { WaitingWork } from './waiting-work.ts';

/** Why work stops waiting: the value of `released-because` and of the metric label `reason`. The first five are guarantees that every replica keeps, whichever holds the Lease. */
export const RELEASE_REASONS = [
  ...(['skip', 'off', 'queued-elsewhere', 'no-slack', 'deadline', 'signal-lost', 'no-forecast'] as const),
  ...(['cleanest', 'saving-too-small', 'advised', 'already-started', 'due'] as const),
] as const;
/** One of {@link RELEASE_CAUSES}. */
export type ReleaseReason = (typeof RELEASE_REASONS)[number];

/** What to do with one piece of waiting work. */
export type Action =
  /** `plan` is the wait that is only advised. */
  | {
      readonly kind: 'release';
      readonly reason: ReleaseReason;
      readonly plan?: { readonly slot: Slot; readonly saving: number };
    }
  | { readonly kind: 'plan'; readonly slot: Slot; readonly saving: number }
  | { readonly kind: 'wait' };

/** What a decision is based on, beside the work itself. */
export interface DecisionContext {
  readonly now: EpochMs;
  /** Milliseconds by which the wall clock was set back since the work was first seen: the deadline is that much nearer than it says. Usually 0. */
  readonly lostMs: number;
  readonly periodMs: number;
  readonly durationHours: number;
  readonly forecast: ForecastView;
  /** Whether to review the plan: once an hour, and once more when it is due. */
  readonly review: boolean;
  readonly advise: boolean;
  /** The mode of the work's namespace, else of the cluster, is `off`. */
  readonly isOff: boolean;
  /** The piece of work has run before: it has had its delay. */
  readonly hasStarted: boolean;
  /** Whether as much is planned for the hour of a start as can be released in it. */
  readonly isFull: (start: EpochMs) => boolean;
}

/** The moment by which work must have started. */
export function deadlineOf({ createdAt, preferences }: WaitingWork): EpochMs {
  return latestStartOf(createdAt, {
    ...(preferences.maxDelayMs !== undefined && { maxDelayMs: preferences.maxDelayMs }),
    ...(preferences.deadline !== undefined && { deadline: preferences.deadline }),
  });
}

/** The release that must happen now whatever the grid does: `skip`, mode `off`, another queue, no slack, or a deadline before the next reconciliation. */
export function guaranteeDue(
  work: WaitingWork,
  { now, lostMs, periodMs, isOff }: Pick<DecisionContext, 'now' | 'lostMs' | 'periodMs' | 'isOff'>,
): Action | undefined {
  if (work.preferences.skip === true || work.preferences.flexible === false) return { kind: 'release', reason: 'skip' };
  if (isOff && !work.isUnresolved) return { kind: 'release', reason: 'off' };
  if (work.queuedElsewhere) return { kind: 'release', reason: 'queued-elsewhere' };
  const deadline = deadlineOf(work);
  if (deadline <= work.createdAt) return { kind: 'release', reason: 'no-slack' };
  return now + lostMs + periodMs >= deadline ? { kind: 'release', reason: 'deadline' } : undefined;
}

/** Decides about one piece of work; guarantees come first. */
export function decide(work: WaitingWork, context: DecisionContext): Action {
  const { forecast, now, advise } = context;
  const guaranteed = guaranteeDue(work, context);
  if (guaranteed) return guaranteed;
  if (context.hasStarted) return { kind: 'release', reason: 'already-started' };
  if (work.isUnresolved) return { kind: 'wait' };
  if (forecast.kind === 'lost') return { kind: 'release', reason: 'signal-lost' };
  const request: PlanRequest = {
    now,
    durationHours: context.durationHours,
    latestStart: deadlineOf(work) - context.lostMs,
    candidates: forecast.candidates,
    isFull: context.isFull,
    ...(work.preferences.minSavingPercent !== undefined && { minSavingPercent: work.preferences.minSavingPercent }),
  };
  if (work.plan === undefined || advise) return decideNew(request, advise);
  return revisePlanned({ start: work.plan.start, zone: work.plan.zone, expected: Number.NaN }, request, context);
}

function decideNew(request: PlanRequest, advise: boolean): Action {
  const decided = plan(request);
  if (decided.kind === 'run-now') return { kind: 'release', reason: decided.reason };
  if (decided.kind === 'hold') return advise ? { kind: 'release', reason: decided.reason } : { kind: 'wait' };
  const { slot, saving } = decided;
  return advise ? { kind: 'release', reason: 'advised', plan: { slot, saving } } : { kind: 'plan', slot, saving };
}

function revisePlanned(planned: Slot, request: PlanRequest, { review, periodMs }: DecisionContext): Action {
  const { now, latestStart } = request;
  // A plan beyond the deadline was not ours, or the deadline has moved since.
  if (planned.start > latestStart) return decideNew(request, false);
  const isDue = planned.start <= now;
  const known = hasZone(request.candidates, planned);
  if (!known) return decideNew(request, false);
  if (!review) return isDue ? { kind: 'release', reason: 'due' } : { kind: 'wait' };
  const revision = revise(planned, request);
  if (revision.kind === 'run-now') return { kind: 'release', reason: 'deadline' };
  if (revision.kind === 'keep') return isDue ? { kind: 'release', reason: 'due' } : { kind: 'wait' };
  if (revision.slot.start < now + periodMs) return { kind: 'release', reason: 'due' };
  const atOnce = bestSlot({ ...request, latestStart: now });
  if (!atOnce) return { kind: 'release', reason: 'no-forecast' };
  const saving = (atOnce.expected - revision.slot.expected) / Math.abs(atOnce.expected);
  return { kind: 'plan', slot: revision.slot, saving };
}

function hasZone(candidates: readonly Candidate[], { zone }: Slot): boolean {
  return candidates.some((candidate) => candidate.zone === zone);
}

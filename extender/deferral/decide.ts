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

/** Why work stops waiting. Those of {@link PROMISES} are kept by every replica, whoever holds the Lease. */
export const RELEASE_CAUSES = [
  ...['skip', 'no-slack', 'deadline', 'signal-lost', 'no-forecast'],
  ...['cleanest', 'saving-too-small', 'advised', 'due'],
] as const;
/** One of {@link RELEASE_CAUSES}. */
export type ReleaseReason = (typeof RELEASE_CAUSES)[number];

/** What is to be done with one piece of waiting work. */
export type Action =
  /** `saving` is what waiting would have saved, where that is known. */
  | { readonly kind: 'release'; readonly why: string; readonly plan?: { readonly slot: Slot; readonly saving: number } }
  | { readonly kind: 'plan'; readonly slot: Slot; readonly saving: number }
  | { readonly kind: 'wait' };

/** What a judgement looks at beside the work itself. */
export interface View {
  readonly now: EpochMs;
  /** By how much the time left until the deadline is less than the wall clock says, since that was set back; mostly 0. */
  readonly lostMs: number;
  readonly periodMs: number;
  readonly durationHours: number;
  readonly outlook: ForecastView;
  /** Whether the plan is to be looked at again: once an hour, and once more when it is due. */
  readonly review: boolean;
  readonly advise: boolean;
}

/** The moment by which work must have started. */
export function deadlineOf({ createdAt, wishes }: WaitingWork): EpochMs {
  return latestStartOf(createdAt, {
    ...(wishes.maxDelayMs !== undefined && { maxDelayMs: wishes.maxDelayMs }),
    ...(wishes.deadline !== undefined && { deadline: wishes.deadline }),
  });
}

/** A promise that is to be kept now, whatever the grid does: `skip`, no slack, or a deadline before the next round. */
export function promiseDue(work: WaitingWork, { now, lostMs, periodMs }: View): Action | undefined {
  if (work.wishes.skip === true || work.wishes.flexible === false) return { kind: 'release', why: 'skip' };
  const deadline = deadlineOf(work);
  if (deadline <= work.createdAt) return { kind: 'release', why: 'no-slack' };
  return now + lostMs + periodMs >= deadline ? { kind: 'release', why: 'deadline' } : undefined;
}

/** Decides about work that no promise releases yet. */
export function judge(work: WaitingWork, view: View): Action {
  const { outlook, now, advise } = view;
  const promised = promiseDue(work, view);
  if (promised) return promised;
  if (outlook.kind === 'lost') return { kind: 'release', why: 'signal-lost' };
  const request: PlanRequest = {
    now,
    durationHours: view.durationHours,
    latestStart: deadlineOf(work) - view.lostMs,
    candidates: outlook.candidates,
    ...(work.wishes.minSavingPercent !== undefined && { minSavingPercent: work.wishes.minSavingPercent }),
  };
  if (work.plan === undefined || advise) return judgeNew(request, advise);
  return judgePlanned({ start: work.plan.start, zone: work.plan.zone, expected: Number.NaN }, request, view);
}

function judgeNew(request: PlanRequest, advise: boolean): Action {
  const decided = plan(request);
  if (decided.kind === 'run-now') return { kind: 'release', why: decided.why };
  const { slot, saving } = decided;
  return advise ? { kind: 'release', why: 'advised', plan: { slot, saving } } : { kind: 'plan', slot, saving };
}

function judgePlanned(planned: Slot, request: PlanRequest, { review, periodMs }: View): Action {
  const { now, latestStart } = request;
  // A plan beyond the deadline was not ours, or the deadline has moved since.
  if (planned.start > latestStart) return judgeNew(request, false);
  const isDue = planned.start <= now;
  const known = hasZone(request.candidates, planned);
  if (!known) return judgeNew(request, false);
  if (!review) return isDue ? { kind: 'release', why: 'due' } : { kind: 'wait' };
  const revision = revise(planned, request);
  if (revision.kind === 'run-now') return { kind: 'release', why: 'deadline' };
  if (revision.kind === 'keep') return isDue ? { kind: 'release', why: 'due' } : { kind: 'wait' };
  if (revision.slot.start < now + periodMs) return { kind: 'release', why: 'due' };
  const atOnce = bestSlot({ ...request, latestStart: now });
  if (!atOnce) return { kind: 'release', why: 'no-forecast' };
  const saving = (atOnce.expected - revision.slot.expected) / Math.abs(atOnce.expected);
  return { kind: 'plan', slot: revision.slot, saving };
}

function hasZone(candidates: readonly Candidate[], { zone }: Slot): boolean {
  return candidates.some((candidate) => candidate.zone === zone);
}

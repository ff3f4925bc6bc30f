import {
  bestSlot,
  type Candidate,
  isHorizonLimited,
  latestStartOf,
  type PlanRequest,
  plan,
  type Slot,
} from '../../shared/deferral/plan.ts';
import { revise } from '../../shared/deferral/replan.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Action, DecisionContext } from './action.ts';
import { decidePieces } from './decide-pieces.ts';
import type { WaitingWork } from './waiting-work.ts';

/** The moment by which work must have started. */
export function deadlineOf({ createdAt, preferences, latestStart, extendedUntil }: WaitingWork): EpochMs {
  if (latestStart !== undefined) return latestStart;
  const own = latestStartOf(createdAt, {
    ...(preferences.maxDelayMs !== undefined && { maxDelayMs: preferences.maxDelayMs }),
    ...(preferences.deadline !== undefined && { deadline: preferences.deadline }),
  });
  // Work that does not wait is not made to, and its own deadline holds.
  if (extendedUntil === undefined || own <= createdAt) return own;
  return Math.max(own, Math.min(extendedUntil, preferences.deadline ?? extendedUntil));
}

/** The release that must happen now whatever the grid does: `skip`, mode `off`, another queue, no slack, or a deadline before the next reconciliation. */
export function guaranteeDue(
  work: WaitingWork,
  { now, lostMs, periodMs, isOff }: Pick<DecisionContext, 'now' | 'lostMs' | 'periodMs' | 'isOff'>,
): Action | undefined {
  if (work.preferences.skip === true || work.preferences.flexible === false) return { kind: 'release', reason: 'skip' };
  if (isOff && !work.isUnresolved) return { kind: 'release', reason: 'off' };
  if (work.queuedElsewhere) return { kind: 'release', reason: 'queued-elsewhere' };
  if (work.admission?.workload?.isGated === false) return { kind: 'release', reason: 'queue-without-gate' };
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
  if (isPausable(work) && !advise) {
    // Pieces are planned once an hour, and when the next one is due.
    const isPlanned = work.plan !== undefined && work.plan.start > now;
    return isPlanned && !context.review && forecast.kind !== 'lost' ? { kind: 'wait' } : decidePieces(work, context);
  }
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
  const horizon = 'horizonLimited' in decided && decided.horizonLimited ? { horizonLimited: true as const } : {};
  if (decided.kind === 'run-now') return { kind: 'release', reason: decided.reason, ...horizon };
  if (decided.kind === 'hold')
    return advise ? { kind: 'release', reason: decided.reason, ...horizon } : { kind: 'wait' };
  const { slot, saving } = decided;
  return advise
    ? { kind: 'release', reason: 'advised', plan: { slot, saving }, ...horizon }
    : { kind: 'plan', slot, saving, ...horizon };
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
  return { kind: 'plan', slot: revision.slot, saving, ...(isHorizonLimited(request) && { horizonLimited: true }) };
}

function hasZone(candidates: readonly Candidate[], { zone }: Slot): boolean {
  return candidates.some((candidate) => candidate.zone === zone);
}

/** Whether work is a Job that said that it may be paused, and how long it runs. */
export function isPausable({ kind, preferences }: WaitingWork): boolean {
  return kind === 'Job' && preferences.interruptible === true && preferences.durationMs !== undefined;
}

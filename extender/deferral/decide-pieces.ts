import { DEFAULT_PAUSE_LIMITS, planPieces } from '../../shared/deferral/pieces.ts';
import { isHorizonLimited, latestStartOf } from '../../shared/deferral/plan.ts';
import { type EpochMs, HOUR_MS } from '../../shared/grid/units.ts';
import type { Action, DecisionContext } from './action.ts';
import { ranMs } from './job-progress.ts';
import type { WaitingWork } from './waiting-work.ts';

/** A pause is worth its restart only from this length on. */
const SHORTEST_PAUSE_MS = 15 * 60_000;

/** What pausing costs a Job, by its annotations, else the defaults. */
export function limitsOf({ preferences }: WaitingWork) {
  const { minRunMs, restartCostMs, maxInterruptions } = preferences;
  return {
    minRunHours: minRunMs === undefined ? DEFAULT_PAUSE_LIMITS.minRunHours : minRunMs / HOUR_MS,
    restartCostHours: restartCostMs === undefined ? DEFAULT_PAUSE_LIMITS.restartCostHours : restartCostMs / HOUR_MS,
    maxInterruptions: maxInterruptions ?? DEFAULT_PAUSE_LIMITS.maxInterruptions,
  };
}

/** Hours that a Job has still to run, the work lost at its restarts so far included; 0 where it runs longer than expected. */
export function remainingHours(work: WaitingWork, durationHours: number, now: EpochMs): number {
  if (work.progress === undefined) return durationHours;
  const lost = limitsOf(work).restartCostHours * work.progress.interruptions;
  return Math.max(0, durationHours + lost - ranMs(work.progress, now) / HOUR_MS);
}

/** When a Job must be complete: its latest start, and the expected run time from then on. */
export function completionDeadline({ createdAt, preferences }: WaitingWork, durationHours: number): EpochMs {
  const { maxDelayMs, deadline } = preferences;
  const limits = { ...(maxDelayMs !== undefined && { maxDelayMs }), ...(deadline !== undefined && { deadline }) };
  return latestStartOf(createdAt, limits) + durationHours * HOUR_MS;
}

/** A paused Job with the time at which it must go on to complete before its deadline. */
export function withLatestResume(work: WaitingWork, durationHours: number): WaitingWork {
  const pausedAt = work.progress?.pausedAt;
  if (pausedAt === undefined) return work;
  const hours = remainingHours(work, durationHours, pausedAt);
  return { ...work, latestStart: completionDeadline(work, durationHours) - hours * HOUR_MS };
}

/** Decides when a Job that may be paused runs next, so that its work falls on the cleanest hours before its deadline. */
export function decidePieces(work: WaitingWork, context: DecisionContext): Action {
  const { forecast, now, periodMs, durationHours, lostMs } = context;
  const { progress } = work;
  const isRunning = progress !== undefined && progress.pausedAt === undefined;
  const hours = remainingHours(work, durationHours, now);
  if (forecast.kind === 'lost') return isRunning ? { kind: 'wait' } : { kind: 'release', reason: 'signal-lost' };
  // Longer than expected: nobody knows how much is left.
  if (hours <= 0) return isRunning ? { kind: 'wait' } : { kind: 'release', reason: 'due' };
  const { candidates } = forecast;
  const deadline = completionDeadline(work, durationHours) - lostMs - periodMs;
  const latestStart = deadline - hours * HOUR_MS;
  const isLimited = isHorizonLimited({ candidates, durationHours: hours, latestStart });
  const horizon = isLimited ? { horizonLimited: true as const } : {};
  const planned = planPieces({
    ...{ now, deadline, remainingHours: hours, candidates, limits: limitsOf(work) },
    state: isRunning ? { kind: 'running', since: progress.resumedAt } : { kind: progress ? 'paused' : 'waiting' },
    ...(progress && { interruptions: progress.interruptions }),
  });
  if (planned.kind === 'run') {
    if (isRunning) return { kind: 'wait' };
    const reason = planned.reason === 'gain-too-small' ? 'saving-too-small' : planned.reason;
    return { kind: 'release', reason: work.plan === undefined ? reason : 'due', ...horizon };
  }
  const { until, zone, saving } = planned;
  const slot = { start: until, zone, expected: Number.NaN };
  if (isRunning)
    return until - now < SHORTEST_PAUSE_MS ? { kind: 'wait' } : { kind: 'pause', slot, saving, ...horizon };
  if (until < now + periodMs) return { kind: 'release', reason: 'due' };
  const isSame = work.plan?.start === until && work.plan.zone === zone;
  return isSame ? { kind: 'wait' } : { kind: 'plan', slot, saving, ...horizon };
}

import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import { mergePreferences } from '../placement/annotations.ts';
import { outlookOf } from './candidates.ts';
import type { ControllerParts } from './controller.ts';
import { type Action, deadlineOf, judge, promiseDue, type View } from './decide.ts';
import type { WaitingWork } from './waiting-work.ts';

/** A piece of work with what is to be done about it. */
export interface JudgedWork {
  readonly work: WaitingWork;
  readonly verdict: Action;
  /** Hours that it was taken to run. */
  readonly durationHours: number;
}

/** What is remembered of one piece of work between rounds. Losing it costs a second look, never a promise. */
interface Memory {
  /** When it must have started by the clock that cannot be set. */
  readonly monotonicDeadline: number;
  reviewedHour: EpochMs;
  /** Start of the plan that was looked at when it was due. */
  reviewedDue: EpochMs | undefined;
}

/** Judges everything that waits, round by round. */
export interface Reconciler {
  /** What a promise releases now. */
  promises(all: readonly WaitingWork[]): readonly JudgedWork[];
  /** What is to be done about the rest. */
  judge(all: readonly WaitingWork[]): readonly JudgedWork[];
}

/** Judges with the given views of grid, clock and earlier runs. */
export function createRounds(parts: ControllerParts): Reconciler {
  const { clock, periodMs } = parts;
  const memories = new Map<string, Memory>();
  const withCluster = (work: WaitingWork): WaitingWork =>
    parts.clusterWishes ? { ...work, wishes: mergePreferences(work.wishes, parts.clusterWishes) } : work;
  const memoryOf = (work: WaitingWork, now: EpochMs): Memory => {
    const known = memories.get(work.uid);
    if (known) return known;
    const monotonicDeadline = clock.monotonic() + deadlineOf(work) - now;
    // A plan that was found on the object is looked at in the hour after it was found.
    const fresh: Memory = { monotonicDeadline, reviewedHour: hourOf(now), reviewedDue: undefined };
    memories.set(work.uid, fresh);
    return fresh;
  };
  const viewOf = (work: WaitingWork, memory: Memory, now: EpochMs, review: boolean): View => ({
    now,
    lostMs: Math.max(0, deadlineOf(work) - now - (memory.monotonicDeadline - clock.monotonic())),
    periodMs,
    durationHours:
      work.wishes.durationMs !== undefined && work.wishes.durationMs > 0
        ? work.wishes.durationMs / 3_600_000
        : (parts.durationOf(work.namespace, work.owner) ?? parts.defaultDurationHours),
    outlook: outlookOf(parts.cache(), parts.zones() ?? [], work.wishes.zones, now),
    review,
    advise: parts.mode === 'advise',
  });
  return {
    promises(all) {
      const now = clock.now();
      const present = new Set(all.map(({ uid }) => uid));
      for (const uid of memories.keys()) if (!present.has(uid)) memories.delete(uid);
      return all.map(withCluster).flatMap((work) => {
        const view = viewOf(work, memoryOf(work, now), now, false);
        const verdict = promiseDue(work, view);
        return verdict ? [{ work, verdict, durationHours: view.durationHours }] : [];
      });
    },
    judge(all) {
      const now = clock.now();
      return all.map(withCluster).flatMap((work) => {
        const memory = memoryOf(work, now);
        const isDue = work.plan !== undefined && work.plan.start <= now;
        const review = memory.reviewedHour !== hourOf(now) || (isDue && memory.reviewedDue !== work.plan?.start);
        const view = viewOf(work, memory, now, review);
        if (promiseDue(work, view)) return [];
        memory.reviewedHour = hourOf(now);
        if (isDue) memory.reviewedDue = work.plan?.start;
        return [{ work, verdict: judge(work, view), durationHours: view.durationHours }];
      });
    },
  };
}

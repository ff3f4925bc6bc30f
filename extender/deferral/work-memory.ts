import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { deadlineOf } from './decide.ts';
import type { WaitingWork } from './waiting-work.ts';

/** What is remembered of one piece of work between reconciliations. Losing it costs a second review, never a deadline. */
export interface WorkMemory {
  /** Milliseconds by which the wall clock was set back since the work was first seen. */
  readonly lostMs: number;
  readonly reviewedHour: EpochMs;
  /** Start of the plan that was reviewed when it was due; undefined while none was. */
  readonly reviewedDue: EpochMs | undefined;
}

/** Memories of everything that waits. */
export interface WorkMemories {
  of(work: WaitingWork, now: EpochMs): WorkMemory;
  reviewed(work: WaitingWork, hour: EpochMs, isDue: boolean): void;
  /** Forgets work that no longer waits. */
  forgetOthers(present: readonly WaitingWork[]): void;
  /** Records that a piece of work has started. */
  started(origin: string): void;
  hasStarted(origin: string): boolean;
}

const MOST_STARTED = 10_000;

interface Entry {
  deadline: EpochMs;
  /** The deadline on the monotonic clock, which cannot be set. */
  monotonicDeadline: number;
  reviewedHour: EpochMs;
  reviewedDue: EpochMs | undefined;
}

/** Creates empty memories. */
export function createMemories(clock: Clock): WorkMemories {
  const entries = new Map<string, Entry>();
  const started = new Set<string>();
  const entryOf = (work: WaitingWork, now: EpochMs): Entry => {
    const deadline = deadlineOf(work);
    const known = entries.get(work.uid);
    if (known === undefined) {
      const monotonicDeadline = clock.monotonic() + deadline - now;
      // A plan found on the object is reviewed in the hour after it was found.
      const entry = { deadline, monotonicDeadline, reviewedHour: hourOf(now), reviewedDue: undefined };
      entries.set(work.uid, entry);
      return entry;
    }
    // The deadline itself was changed, which is not the clock.
    known.monotonicDeadline += deadline - known.deadline;
    known.deadline = deadline;
    return known;
  };
  return {
    of(work, now) {
      const { deadline, monotonicDeadline, reviewedHour, reviewedDue } = entryOf(work, now);
      const lostMs = Math.max(0, deadline - now - (monotonicDeadline - clock.monotonic()));
      return { lostMs, reviewedHour, reviewedDue };
    },
    reviewed(work, hour, isDue) {
      const entry = entries.get(work.uid);
      if (entry === undefined) return;
      entry.reviewedHour = hour;
      if (isDue) entry.reviewedDue = work.plan?.start;
    },
    forgetOthers(present) {
      const uids = new Set(present.map(({ uid }) => uid));
      for (const uid of entries.keys()) if (!uids.has(uid)) entries.delete(uid);
    },
    started(origin) {
      if (started.size >= MOST_STARTED) started.clear();
      started.add(origin);
    },
    hasStarted: (origin) => started.has(origin),
  };
}

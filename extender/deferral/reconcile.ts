import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import { type EpochMs, hourOf } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { mergePreferences, type PodPreferences } from '../placement/annotations.ts';
import { forecastViewOf } from './candidates.ts';
import { type Action, type DecisionContext, deadlineOf, decide, guaranteeDue } from './decide.ts';
import type { WaitingWork } from './waiting-work.ts';

/** A piece of work with what to do about it. */
export interface DecidedWork {
  readonly work: WaitingWork;
  readonly action: Action;
  /** Hours that it is expected to run. */
  readonly durationHours: number;
}

/** What decisions are based on, beside the work itself. */
export interface ReconcilerOptions {
  readonly cache: () => CacheState;
  /** Zones of the cluster's nodes; undefined until they have been listed. */
  readonly zones: () => readonly Zone[] | undefined;
  /** The cluster's own defaults for every pod. */
  readonly clusterPreferences?: PodPreferences | undefined;
  readonly mode: 'on' | 'advise';
  readonly periodMs: number;
  /** Expected run time where neither an annotation nor earlier runs say it. */
  readonly defaultDurationHours: number;
  /** Hours learnt from the owner's earlier runs; undefined where too few are known. */
  readonly durationOf: (namespace: string, owner: string) => number | undefined;
  readonly clock: Clock;
}

/** What is remembered of one piece of work between reconciliations. Losing it costs a second review, never a deadline. */
interface Memory {
  /** Deadline on the monotonic clock, which cannot be set. */
  readonly monotonicDeadline: number;
  reviewedHour: EpochMs;
  /** Start of the plan that was reviewed when it was due. */
  reviewedDue: EpochMs | undefined;
}

/** Decides about everything that waits, once per period. */
export interface Reconciler {
  /** Work whose guarantee is due now: `skip`, no slack, or its deadline. */
  guaranteed(all: readonly WaitingWork[]): readonly DecidedWork[];
  /** Decisions about the rest. */
  decide(all: readonly WaitingWork[]): readonly DecidedWork[];
}

/** Creates a reconciler with the given sources of grid, clock and earlier runs. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { clock, periodMs } = options;
  const memories = new Map<string, Memory>();
  const withCluster = (work: WaitingWork): WaitingWork =>
    options.clusterPreferences
      ? { ...work, preferences: mergePreferences(work.preferences, options.clusterPreferences) }
      : work;
  const memoryOf = (work: WaitingWork, now: EpochMs): Memory => {
    const known = memories.get(work.uid);
    if (known) return known;
    const monotonicDeadline = clock.monotonic() + deadlineOf(work) - now;
    // A plan found on the object is reviewed in the hour after it was found.
    const fresh: Memory = { monotonicDeadline, reviewedHour: hourOf(now), reviewedDue: undefined };
    memories.set(work.uid, fresh);
    return fresh;
  };
  const contextOf = (work: WaitingWork, memory: Memory, now: EpochMs, review: boolean): DecisionContext => ({
    now,
    lostMs: Math.max(0, deadlineOf(work) - now - (memory.monotonicDeadline - clock.monotonic())),
    periodMs,
    durationHours:
      work.preferences.durationMs !== undefined && work.preferences.durationMs > 0
        ? work.preferences.durationMs / 3_600_000
        : (options.durationOf(work.namespace, work.owner) ?? options.defaultDurationHours),
    forecast: forecastViewOf(options.cache(), options.zones() ?? [], work.preferences.zones, now),
    review,
    advise: options.mode === 'advise',
  });
  return {
    guaranteed(all) {
      const now = clock.now();
      const present = new Set(all.map(({ uid }) => uid));
      for (const uid of memories.keys()) if (!present.has(uid)) memories.delete(uid);
      return all.map(withCluster).flatMap((work) => {
        const context = contextOf(work, memoryOf(work, now), now, false);
        const action = guaranteeDue(work, context);
        return action ? [{ work, action, durationHours: context.durationHours }] : [];
      });
    },
    decide(all) {
      const now = clock.now();
      return all.map(withCluster).flatMap((work) => {
        const memory = memoryOf(work, now);
        const isDue = work.plan !== undefined && work.plan.start <= now;
        const review = memory.reviewedHour !== hourOf(now) || (isDue && memory.reviewedDue !== work.plan?.start);
        const context = contextOf(work, memory, now, review);
        if (guaranteeDue(work, context)) return [];
        memory.reviewedHour = hourOf(now);
        if (isDue) memory.reviewedDue = work.plan?.start;
        return [{ work, action: decide(work, context), durationHours: context.durationHours }];
      });
    },
  };
}

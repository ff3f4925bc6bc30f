import type { EpochMs } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { PodPreferences } from '../placement/annotations.ts';
import { deadlineOf } from './decide.ts';
import { withLatestResume } from './decide-pieces.ts';
import type { DEFERRAL_MODES } from './settings.ts';
import { type WaitingKind, type WaitingWork, withDefaults } from './waiting-work.ts';
import type { createWorkPieces, WorkPiece } from './work-pieces.ts';

/** A pod, suspended Job or workload of Kueue that waits, as it is reported to the API. */
export interface WaitingEntry {
  readonly kind: WaitingKind;
  readonly namespace: string;
  readonly name: string;
  readonly arrivedAt: EpochMs;
  /** Null while there is no plan. */
  readonly plannedStart: EpochMs | null;
  readonly deadline: EpochMs;
  /** Of the grams of running at once; null while there is no plan, or where its saving cannot be read. */
  readonly expectedSavingPercent: number | null;
  /** Since when it is paused; absent for work that has not started. */
  readonly pausedAt?: EpochMs;
  /** Zone that its start is planned in; absent while there is no plan. */
  readonly zone?: string;
  /** When it ran and is expected to run, oldest first; absent: nothing is known. */
  readonly pieces?: readonly WorkPiece[];
  /** Its namespace has used up its carbon budget, so that it may wait longer. */
  readonly isExtended?: true;
}

/** What waits, small enough to be sent to another thread after every reconciliation. */
export interface WaitingList {
  readonly deferral: (typeof DEFERRAL_MODES)[number];
  /** All that waits, listed or not; null until the cluster's pods have been listed. */
  readonly total: number | null;
  /** Those that must start first, {@link MOST_LISTED} at most. */
  readonly entries: readonly WaitingEntry[];
}

/** Longest list that is sent. */
export const MOST_LISTED = 300;

/** Creates a publisher that passes a list on only when it differs from the last one. */
export function createWaitingPublisher(options: {
  readonly mode: WaitingList['deferral'];
  readonly clusterPreferences?: PodPreferences | undefined;
  /** Hours that work is expected to run. */
  readonly hoursOf: (work: WaitingWork) => number;
  readonly piecesOf: ReturnType<typeof createWorkPieces>;
  readonly clock: Clock;
  readonly onWaiting: (list: WaitingList) => void;
}): (all: readonly WaitingWork[]) => void {
  const { mode, clusterPreferences, hoursOf, piecesOf, clock, onWaiting } = options;
  const complete = (found: WaitingWork) => {
    const work = withDefaults(found, clusterPreferences);
    return withLatestResume(work, hoursOf(work));
  };
  let published = '';
  return (all) => {
    const works = all.map(complete);
    const pieces = piecesOf(works, clock.now());
    const entries = works
      .map((work) => entryOf(work, pieces(work)))
      .sort((a, b) => a.deadline - b.deadline || a.arrivedAt - b.arrivedAt || (keyOf(a) < keyOf(b) ? -1 : 1))
      .slice(0, MOST_LISTED);
    const list: WaitingList = { deferral: mode, total: all.length, entries };
    const text = JSON.stringify(list);
    if (text === published) return;
    published = text;
    onWaiting(list);
  };
}

function keyOf({ kind, namespace, name }: WaitingEntry): string {
  return `${namespace}/${name}/${kind}`;
}

function entryOf(work: WaitingWork, pieces: readonly WorkPiece[]): WaitingEntry {
  const { kind, namespace, name, createdAt, plan, progress } = work;
  return {
    kind,
    namespace,
    name,
    arrivedAt: createdAt,
    plannedStart: plan?.start ?? null,
    deadline: deadlineOf(work),
    ...(progress?.pausedAt !== undefined && { pausedAt: progress.pausedAt }),
    ...(plan !== undefined && { zone: plan.zone }),
    ...(pieces.length > 0 && { pieces }),
    ...(work.extendedUntil !== undefined && { isExtended: true as const }),
    expectedSavingPercent: plan?.saving === undefined ? null : Math.round(plan.saving * 1_000) / 10,
  };
}

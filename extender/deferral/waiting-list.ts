import type { EpochMs } from '../../shared/grid/units.ts';
import { mergePreferences, type PodPreferences } from '../placement/annotations.ts';
import { deadlineOf } from './decide.ts';
import type { DEFERRAL_MODES } from './settings.ts';
import type { WaitingKind, WaitingWork } from './waiting-work.ts';

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
  readonly onWaiting: (list: WaitingList) => void;
}): (all: readonly WaitingWork[]) => void {
  const { mode, clusterPreferences, onWaiting } = options;
  let published = '';
  return (all) => {
    const entries = all
      .map((work) =>
        entryOf(
          clusterPreferences ? { ...work, preferences: mergePreferences(work.preferences, clusterPreferences) } : work,
        ),
      )
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

function entryOf(work: WaitingWork): WaitingEntry {
  const { kind, namespace, name, createdAt, plan } = work;
  return {
    kind,
    namespace,
    name,
    arrivedAt: createdAt,
    plannedStart: plan?.start ?? null,
    deadline: deadlineOf(work),
    ...(work.extendedUntil !== undefined && { isExtended: true as const }),
    expectedSavingPercent: plan?.saving === undefined ? null : Math.round(plan.saving * 1_000) / 10,
  };
}

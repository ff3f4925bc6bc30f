import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { isObsolete } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { WriteEvent } from '../kubernetes/events.ts';
import type { Action, ReleaseReason } from './action.ts';
import { deadlineOf } from './decide.ts';
import type { DeferralMetrics } from './deferral-metrics.ts';
import type { DecidedWork } from './reconcile.ts';
import { createReporter } from './reporter.ts';
import type { WaitingWork } from './waiting-work.ts';
import { type PlanToWrite, pause, release, writePlan } from './writing.ts';

/** A release as it happened, for the savings ledger. */
export interface ReleasedWork {
  readonly work: WaitingWork;
  readonly reason: ReleaseReason;
  readonly releasedAt: EpochMs;
  readonly durationHours: number;
}

/** Carries out actions against the API server. */
export interface Actions {
  /** Carries out one action. Never rejects: a failure is counted, logged, and decided anew in the next reconciliation. */
  act(decided: DecidedWork): Promise<void>;
  /** Copies a plan to Kueue's Workload where that was made after the plan. Never rejects. */
  copyPlan(work: WaitingWork): Promise<void>;
}

/** What actions are carried out with. */
export interface ActionOptions {
  readonly client: KubernetesClient;
  readonly writeEvent: WriteEvent;
  readonly onReleased?: ((released: ReleasedWork) => void) | undefined;
  readonly metrics: DeferralMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The watch delivers a release a moment after it was made; until then the release is not repeated. */
const SETTLED_MS = 60_000;

/** Texts of release reasons in Events. */
const REASON_TEXTS: Readonly<Record<ReleaseReason, string>> = {
  due: 'the planned hour is here',
  deadline: 'the deadline is here',
  skip: 'its annotations say not to wait',
  off: 'the mode of its namespace is off',
  'queued-elsewhere': 'another queue owns it',
  'queue-without-gate':
    'Kueue does not hold it back: that needs Kueue 0.19, or 0.17 with the feature gate AdmissionGatedBy',
  'already-started': 'the work that it belongs to has already started',
  'no-slack': 'neither max-delay nor deadline allows a wait',
  'signal-lost': 'the carbon intensity of its zones is not known',
  'no-forecast': 'there is no forecast for its zones',
  cleanest: 'no later hour is expected to be cleaner',
  'saving-too-small': 'waiting would save less than min-saving',
  advised: 'the mode here is advise',
};

/** Creates the executor of actions. */
export function createActions(options: ActionOptions): Actions {
  const { client, clock, metrics, logger } = options;
  const released = createReleasedMemory(clock);
  const { report, copy, copyPlan } = createReporter(options);
  const doRelease = async (
    { work, durationHours, action }: DecidedWork,
    reason: ReleaseReason,
    advised?: PlanToWrite,
  ) => {
    const isResumed = work.progress !== undefined;
    if (!isResumed && released.has(work.uid)) return;
    const now = clock.now();
    await release(client, work, reason, now, advised);
    released.add(work.uid);
    metrics.released.inc({ reason });
    metrics.late.observe(Math.max(0, reason === 'no-slack' ? 0 : (now - deadlineOf(work)) / 1_000));
    if (!isResumed) options.onReleased?.({ work, reason, releasedAt: now, durationHours });
    const text = `released: ${REASON_TEXTS[reason]}${adviceOf(advised)}${horizonOf(action)}`;
    report(work, 'Released', text, reason === 'queue-without-gate' ? 'Warning' : 'Normal');
    await copy(work, { releasedAt: now, reason });
  };
  const doPlan = async ({ work, action }: DecidedWork, plan: PlanToWrite) => {
    await writePlan(client, work, plan);
    metrics.planned.inc({ kind: work.plan ? 'changed' : 'new' });
    report(work, work.plan ? 'PlanChanged' : 'WaitingForCleanHour', planText(work, plan) + horizonOf(action));
    await copy(work, plan);
  };
  const doPause = async ({ work, action }: DecidedWork, next: PlanToWrite) => {
    await pause(client, work, next, clock.now());
    metrics.planned.inc({ kind: 'paused' });
    const text = `paused until ${whenAndWhere(next)}, expected to save ${percent(next)}`;
    report(work, 'Paused', text + horizonOf(action));
  };
  return {
    copyPlan,
    async act(decided) {
      const { work, action } = decided;
      try {
        if (work.plan === undefined && action.kind !== 'wait' && work.invalid.length > 0)
          report(work, 'InvalidAnnotation', `ignored: ${issuesOf(work)}`, 'Warning');
        if (action.kind === 'release') await doRelease(decided, action.reason, action.plan);
        else if (action.kind === 'plan') await doPlan(decided, action);
        else if (action.kind === 'pause') await doPause(decided, action);
        else action.kind satisfies 'wait';
      } catch (err) {
        // Gone, or another object of the same name: the watch will deliver the change.
        if (isObsolete(err)) return;
        metrics.failures.inc({ kind: action.kind });
        const { kind, namespace, name } = work;
        logger.warn(
          { code: 'DEFERRAL_ACTION_FAILED', err, kind, namespace, name, action: action.kind },
          'could not change waiting work; retrying in the next reconciliation',
        );
      }
    },
  };
}

/** UIDs of what was released a moment ago. */
function createReleasedMemory(clock: Clock) {
  const released = new Map<string, number>();
  return {
    add: (uid: string) => released.set(uid, clock.monotonic()),
    has(uid: string) {
      for (const [other, since] of released) if (clock.monotonic() - since > SETTLED_MS) released.delete(other);
      return released.has(uid);
    },
  };
}

function planText(work: WaitingWork, plan: PlanToWrite): string {
  const text = `waits until ${whenAndWhere(plan)}, expected to save ${percent(plan)}; starts by ${isoTime(deadlineOf(work))} at the latest`;
  if (work.extendedUntil === undefined) return text;
  return `${text}; it may wait longer because its namespace has used up its carbon budget`;
}

function issuesOf({ invalid }: WaitingWork): string {
  return invalid.map(({ annotation, value, problem }) => `${annotation}: "${value}" ${problem}`).join('; ');
}

function whenAndWhere({ slot }: PlanToWrite): string {
  return `${isoTime(slot.start)} (${slot.zone})`;
}

/** Says what a wait would be worth where it is only advised. */
function adviceOf(advised: PlanToWrite | undefined): string {
  return advised ? `; waiting until ${whenAndWhere(advised)} would be expected to save ${percent(advised)}` : '';
}

/** Says when the forecast, not the grid, limited the choice. */
function horizonOf(action: Action): string {
  const isLimited = 'horizonLimited' in action && action.horizonLimited;
  return isLimited ? '; the forecast ends before the latest start, so later hours were not compared' : '';
}

function percent({ saving }: PlanToWrite): string {
  return `${(100 * saving).toFixed(1)} %`;
}

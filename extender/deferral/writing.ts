import type { Slot } from '../../shared/deferral/plan.ts';
import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import type { KubernetesBody, KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { JobProgress } from './job-progress.ts';
import { ADMISSION_GATES } from './kueue-work.ts';
import { type QueueWorkload, WAIT_GATE, type WaitingWork, WRITTEN } from './waiting-work.ts';

/** A plan to be written into an object's annotations. */
export interface PlanToWrite {
  readonly slot: Slot;
  /** Share 0 to 1; NaN where it is not known. */
  readonly saving: number;
}

/** Writes the plan into the object's annotations. */
export async function writePlan(client: KubernetesClient, work: WaitingWork, plan: PlanToWrite): Promise<void> {
  const { uid, extendedUntil: until } = work;
  const annotations = {
    ...annotationsOf(plan),
    ...(until !== undefined && { [WRITTEN.extendedUntil]: isoTime(until) }),
  };
  await client.request('PATCH', work.path, merge({ metadata: { uid, annotations } }));
}

/** Copies the plan on an object that Kueue queues, or its release, to Kueue's own Workload, where `kubectl describe workload` shows it. */
export async function copyToWorkload(
  client: KubernetesClient,
  { path, uid }: QueueWorkload,
  copied: PlanToWrite | { readonly releasedAt: EpochMs; readonly reason: string },
): Promise<void> {
  const annotations =
    'slot' in copied
      ? annotationsOf(copied)
      : { [WRITTEN.releasedAt]: isoTime(copied.releasedAt), [WRITTEN.releasedBecause]: copied.reason };
  await client.request('PATCH', path, merge({ metadata: { uid, annotations } }));
}

/**
 * Removes our gate from a pod, resumes a suspended Job, or removes our admission gate from a workload. One request, safe
 * to repeat: gates are removed by their name, and another object of the same name is refused by its uid. An advised plan
 * is written with it.
 */
export async function release(
  client: KubernetesClient,
  work: WaitingWork,
  reason: string,
  now: EpochMs,
  advised?: PlanToWrite,
): Promise<void> {
  const { uid, admission, progress } = work;
  const annotations = {
    ...(advised && annotationsOf(advised)),
    // It never waited, so there is no plan that could have saved anything.
    ...(reason === 'queue-without-gate' && NO_PLAN),
    ...(progress?.pausedAt === undefined ? { [WRITTEN.releasedAt]: isoTime(now) } : resumed(progress, now)),
    [WRITTEN.releasedBecause]: reason,
  };
  if (admission !== undefined) {
    // Refused where somebody else has changed the list meanwhile; then it is read again.
    const gates = { [ADMISSION_GATES]: admission.otherGates.join(',') || null };
    const { resourceVersion } = admission;
    const metadata = { uid, resourceVersion, annotations: { ...annotations, ...gates } };
    await client.request('PATCH', work.path, merge({ metadata }));
    return;
  }
  const spec = work.kind === 'Pod' ? { schedulingGates: [{ $patch: 'delete', name: WAIT_GATE }] } : { suspend: false };
  const value = { metadata: { uid, annotations }, spec };
  await client.request('PATCH', work.path, { type: 'application/strategic-merge-patch+json', value });
}

/** Suspends a running Job until the start of its next piece. */
export async function pause(
  client: KubernetesClient,
  work: WaitingWork,
  next: PlanToWrite,
  now: EpochMs,
): Promise<void> {
  const annotations = {
    ...annotationsOf(next),
    [WRITTEN.pausedAt]: isoTime(now),
    [WRITTEN.interruptions]: String((work.progress?.interruptions ?? 0) + 1),
    // The start time that they rest on goes with the suspension.
    ...(work.progress && {
      [WRITTEN.resumedAt]: isoTime(work.progress.resumedAt),
      [WRITTEN.pausedSeconds]: String(Math.round(work.progress.pausedSeconds)),
    }),
  };
  await client.request(
    'PATCH',
    work.path,
    merge({ metadata: { uid: work.uid, annotations }, spec: { suspend: true } }),
  );
}

const NO_PLAN = { [WRITTEN.plannedStart]: null, [WRITTEN.plannedZone]: null, [WRITTEN.expectedSaving]: null };

function resumed({ pausedAt = 0, pausedSeconds }: JobProgress, now: EpochMs): Record<string, string | null> {
  return {
    [WRITTEN.pausedAt]: null,
    [WRITTEN.resumedAt]: isoTime(now),
    [WRITTEN.pausedSeconds]: String(Math.round(pausedSeconds + Math.max(0, now - pausedAt) / 1_000)),
  };
}

function annotationsOf({ slot, saving }: PlanToWrite): Record<string, string> {
  return {
    [WRITTEN.plannedStart]: isoTime(slot.start),
    [WRITTEN.plannedZone]: slot.zone,
    ...(!Number.isNaN(saving) && { [WRITTEN.expectedSaving]: `${(100 * saving).toFixed(1)}%` }),
  };
}

/** Merge patches are understood by custom resources, too. */
function merge(value: unknown): KubernetesBody {
  return { type: 'application/merge-patch+json', value };
}

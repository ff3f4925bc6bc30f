import type { Slot } from '../../shared/deferral/plan.ts';
import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import type { KubernetesBody, KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { WAIT_GATE, type WaitingWork, WRITTEN } from './waiting-work.ts';

/** A plan to be written into an object's annotations. */
export interface PlanToWrite {
  readonly slot: Slot;
  /** Share 0 to 1. */
  readonly saving: number;
}

/** Writes the plan into the object's annotations. */
export async function writePlan(client: KubernetesClient, work: WaitingWork, plan: PlanToWrite): Promise<void> {
  await client.request(
    'PATCH',
    pathOf(work),
    strategic({ metadata: { uid: work.uid, annotations: annotationsOf(plan) } }),
  );
}

/**
 * Removes our gate from a pod, or resumes a suspended Job. One request, safe to repeat: the gate is removed by its name,
 * and another object of the same name is refused by its uid. An advised plan is written with it.
 */
export async function release(
  client: KubernetesClient,
  work: WaitingWork,
  reason: string,
  now: EpochMs,
  advised?: PlanToWrite,
): Promise<void> {
  const annotations = {
    ...(advised && annotationsOf(advised)),
    [WRITTEN.releasedAt]: isoTime(now),
    [WRITTEN.releasedBecause]: reason,
  };
  const spec = work.kind === 'Pod' ? { schedulingGates: [{ $patch: 'delete', name: WAIT_GATE }] } : { suspend: false };
  await client.request('PATCH', pathOf(work), strategic({ metadata: { uid: work.uid, annotations }, spec }));
}

function annotationsOf({ slot, saving }: PlanToWrite): Record<string, string> {
  return {
    [WRITTEN.plannedStart]: isoTime(slot.start),
    [WRITTEN.plannedZone]: slot.zone,
    [WRITTEN.expectedSaving]: `${(100 * saving).toFixed(1)}%`,
  };
}

function pathOf({ kind, namespace, name }: WaitingWork): string {
  const [group, plural] = kind === 'Pod' ? ['/api/v1', 'pods'] : ['/apis/batch/v1', 'jobs'];
  return `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}

function strategic(value: unknown): KubernetesBody {
  return { type: 'application/strategic-merge-patch+json', value };
}

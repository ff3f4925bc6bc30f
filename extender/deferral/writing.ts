import { randomBytes } from 'node:crypto';
import type { Slot } from '../../shared/deferral/plan.ts';
import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import type { KubernetesBody, KubernetesClient } from '../kubernetes/client.ts';
import { WAIT_GATE, type WaitingWork, WRITTEN } from './waiting-work.ts';

/** A plan that is to be written down. */
export interface PlanToWrite {
  readonly slot: Slot;
  /** Share 0 to 1. */
  readonly saving: number;
}

const COMPONENT = 'carbon-extender-deferral';
const MOST_MESSAGE = 1_000;

/** Writes the plan into the object's annotations. */
export async function writePlan(client: KubernetesClient, work: WaitingWork, plan: PlanToWrite): Promise<void> {
  await client.request('PATCH', pathOf(work), strategic({ metadata: { uid: work.uid, annotations: planned(plan) } }));
}

/**
 * Opens the gate of a pod, or lets a suspended Job run. One request, safe to repeat: the gate is removed by its name, and
 * another object of that name is refused for its uid. An advised plan is written with it.
 */
export async function release(
  client: KubernetesClient,
  work: WaitingWork,
  why: string,
  now: EpochMs,
  advised?: PlanToWrite,
): Promise<void> {
  const annotations = {
    ...(advised && planned(advised)),
    [WRITTEN.releasedAt]: isoTime(now),
    [WRITTEN.releasedBecause]: why,
  };
  const spec = work.kind === 'Pod' ? { schedulingGates: [{ $patch: 'delete', name: WAIT_GATE }] } : { suspend: false };
  await client.request('PATCH', pathOf(work), strategic({ metadata: { uid: work.uid, annotations }, spec }));
}

/** Tells people about the object by an Event on it. */
export async function writeEvent(
  client: KubernetesClient,
  work: WaitingWork,
  event: { readonly reason: string; readonly message: string; readonly type?: 'Normal' | 'Warning' },
  now: EpochMs,
): Promise<void> {
  const { kind, namespace, name, uid } = work;
  const at = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  await client.request('POST', `/api/v1/namespaces/${namespace}/events`, {
    type: 'application/json',
    value: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: { apiVersion: kind === 'Pod' ? 'v1' : 'batch/v1', kind, namespace, name, uid },
      reason: event.reason,
      message: event.message.slice(0, MOST_MESSAGE),
      type: event.type ?? 'Normal',
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      reportingInstance: '',
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    },
  });
}

function planned({ slot, saving }: PlanToWrite): Record<string, string> {
  return {
    [WRITTEN.plannedStart]: isoTime(slot.start),
    [WRITTEN.plannedZone]: slot.zone,
    [WRITTEN.expectedSaving]: `${(100 * saving).toFixed(1)}%`,
  };
}

function pathOf({ kind, namespace, name }: WaitingWork): string {
  return kind === 'Pod'
    ? `/api/v1/namespaces/${namespace}/pods/${name}`
    : `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`;
}

function strategic(value: unknown): KubernetesBody {
  return { type: 'application/strategic-merge-patch+json', value };
}

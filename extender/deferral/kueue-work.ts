import { z } from 'zod';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { podSpec, requirementsOf } from './pod-requirements.ts';
import { objectMetadata, WAIT_GATE, type WaitingWork, workOf } from './waiting-work.ts';

/** Kueue's annotation of the names that hold an object back from admission: comma-separated, added at creation only. */
export const ADMISSION_GATES = 'kueue.x-k8s.io/admission-gated-by';
/** Kueue's label of objects that it queues. */
export const QUEUE_NAME = 'kueue.x-k8s.io/queue-name';
/** Kueue's label of the longest run time, in seconds. */
const MAX_SECONDS = 'kueue.x-k8s.io/max-exec-time-seconds';

/** A collection of objects that Kueue queues. */
export interface QueuedResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** API groups and plurals of the kinds that Kueue queues. Their versions are asked of the API server. */
export const QUEUED_KINDS: readonly { readonly group: string; readonly kind: string; readonly plural: string }[] = [
  { group: 'batch', kind: 'Job', plural: 'jobs' },
  { group: 'jobset.x-k8s.io', kind: 'JobSet', plural: 'jobsets' },
  { group: 'ray.io', kind: 'RayJob', plural: 'rayjobs' },
  { group: 'ray.io', kind: 'RayCluster', plural: 'rayclusters' },
  ...['PyTorchJob', 'TFJob', 'XGBoostJob', 'PaddleJob', 'JAXJob', 'MPIJob'].map((kind) => ({
    ...{ group: 'kubeflow.org', kind, plural: `${kind.toLowerCase()}s` },
  })),
  { group: 'trainer.kubeflow.org', kind: 'TrainJob', plural: 'trainjobs' },
  { group: 'leaderworkerset.x-k8s.io', kind: 'LeaderWorkerSet', plural: 'leaderworkersets' },
  { group: 'workload.codeflare.dev', kind: 'AppWrapper', plural: 'appwrappers' },
];

const queuedObject = z.object({
  metadata: objectMetadata.extend({ resourceVersion: z.string() }),
  // Only a Job has its one template here; of others nothing is known about the nodes that they can use.
  spec: z
    .object({
      template: z
        .object({ spec: podSpec.optional().catch(undefined) })
        .optional()
        .catch(undefined),
    })
    .nullish(),
});

/** The work that a queued object is; undefined unless our name is among its admission gates. */
export function queuedWork(object: unknown, { apiVersion, kind, plural }: QueuedResource): WaitingWork | undefined {
  const { metadata, spec } = queuedObject.parse(object);
  const gates = gatesOf(metadata.annotations?.[ADMISSION_GATES]);
  if (!gates.includes(WAIT_GATE) || metadata.deletionTimestamp || !metadata.labels?.[QUEUE_NAME]) return undefined;
  const { namespace, name, resourceVersion, labels } = metadata;
  const work = workOf('Workload', metadata, requirementsOf(spec?.template?.spec ?? {}));
  const seconds = Number(labels[MAX_SECONDS]);
  const { durationMs = seconds > 0 ? (seconds / 3_600) * HOUR_MS : undefined } = work.preferences;
  return {
    ...work,
    ...{ apiVersion, objectKind: kind },
    preferences: { ...work.preferences, ...(durationMs !== undefined && { durationMs }) },
    path: `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`,
    admission: { resourceVersion, otherGates: gates.filter((gate) => gate !== WAIT_GATE) },
  };
}

function gatesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((gate) => gate.trim())
    .filter(Boolean);
}

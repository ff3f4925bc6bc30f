import { z } from 'zod';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { controllerOf } from '../../shared/runtime/kubernetes/object-metadata.ts';
import { podSpec, requirementsOf } from './pod-requirements.ts';
import { type ReleasedJob, releasedWork } from './waiting-job.ts';
import { objectMetadata, WAIT_GATE, type WaitingWork, workOf } from './waiting-work.ts';

/** Kueue's annotation of the names that hold an object back from admission: comma-separated, added at creation only. */
export const ADMISSION_GATES = 'kueue.x-k8s.io/admission-gated-by';
/** Kueue's label of objects that it queues. */
export const QUEUE_NAME = 'kueue.x-k8s.io/queue-name';
/** Kueue's label of the longest run time, in seconds. */
const MAX_SECONDS = 'kueue.x-k8s.io/max-exec-time-seconds';

/** A collection of objects of the Kubernetes API. */
export interface QueuedResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** Path of a collection in the Kubernetes API, over all namespaces or in one. */
export function resourcePath({ apiVersion, plural }: Omit<QueuedResource, 'kind'>, namespace?: string): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined
    ? `${group}/${plural}`
    : `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/**
 * API groups and plurals of the kinds that Kueue queues; the group of pods is empty. A Deployment is not among them: Kueue
 * queues each of its pods. The versions are those that the API server prefers.
 */
export const QUEUED_KINDS: readonly { readonly group: string; readonly kind: string; readonly plural: string }[] = [
  { group: '', kind: 'Pod', plural: 'pods' },
  { group: 'batch', kind: 'Job', plural: 'jobs' },
  { group: 'apps', kind: 'StatefulSet', plural: 'statefulsets' },
  { group: 'jobset.x-k8s.io', kind: 'JobSet', plural: 'jobsets' },
  { group: 'ray.io', kind: 'RayJob', plural: 'rayjobs' },
  { group: 'ray.io', kind: 'RayCluster', plural: 'rayclusters' },
  { group: 'ray.io', kind: 'RayService', plural: 'rayservices' },
  ...['PyTorchJob', 'TFJob', 'XGBoostJob', 'PaddleJob', 'JAXJob', 'MPIJob'].map((kind) => ({
    ...{ group: 'kubeflow.org', kind, plural: `${kind.toLowerCase()}s` },
  })),
  { group: 'trainer.kubeflow.org', kind: 'TrainJob', plural: 'trainjobs' },
  { group: 'leaderworkerset.x-k8s.io', kind: 'LeaderWorkerSet', plural: 'leaderworkersets' },
  { group: 'workload.codeflare.dev', kind: 'AppWrapper', plural: 'appwrappers' },
  { group: 'sparkoperator.k8s.io', kind: 'SparkApplication', plural: 'sparkapplications' },
];

const count = z.number().int().nonnegative().nullish().catch(undefined);
const queuedObject = z.object({
  metadata: objectMetadata.extend({ resourceVersion: z.string() }),
  // Only pods, Jobs and StatefulSets say here which nodes they can use; of the other kinds nothing is known about that.
  spec: podSpec
    .extend({
      ...{ parallelism: count, replicas: count },
      template: z
        .object({
          metadata: z.object({ labels: objectMetadata.shape.labels }).nullish().catch(undefined),
          spec: podSpec.optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

/** What of an object that Kueue queues matters here: the work that waits, or the wait that it had. */
export interface QueuedObject {
  readonly waiting: WaitingWork | undefined;
  readonly released: ReleasedJob | undefined;
}

/** Reads an object that Kueue queues; undefined where our admission gate was never part of it. */
export function queuedObjectOf(object: unknown, resource: QueuedResource): QueuedObject | undefined {
  const waiting = queuedWork(object, resource);
  const { metadata } = queuedObject.parse(object);
  const released = waiting || !metadata.labels?.[QUEUE_NAME] ? undefined : releasedWork(metadata);
  return waiting || released ? { waiting, released } : undefined;
}

/** The work that a queued object is; undefined unless our name is among its admission gates. */
export function queuedWork(object: unknown, resource: QueuedResource): WaitingWork | undefined {
  const { metadata, spec } = queuedObject.parse(object);
  const gates = gatesOf(metadata.annotations?.[ADMISSION_GATES]);
  const queue = metadata.labels?.[QUEUE_NAME];
  if (!gates.includes(WAIT_GATE) || metadata.deletionTimestamp || !queue) return undefined;
  const { apiVersion, kind } = resource;
  const { namespace, name, resourceVersion, labels } = metadata;
  const template = kind === 'Pod' ? { metadata, spec } : spec?.template;
  const podLabels = template?.metadata?.labels ?? {};
  const work = workOf('Workload', metadata, {
    requirements: requirementsOf(template?.spec ?? {}, podLabels),
    podLabels,
  });
  const seconds = Number(labels?.[MAX_SECONDS]);
  const { durationMs = seconds > 0 ? (seconds / 3_600) * HOUR_MS : undefined } = work.preferences;
  return {
    ...work,
    ...{ apiVersion, objectKind: kind },
    controller: kind === 'Pod' ? controllerOf(metadata.ownerReferences) : undefined,
    preferences: { ...work.preferences, ...(durationMs !== undefined && { durationMs }) },
    path: `${resourcePath(resource, namespace)}/${encodeURIComponent(name)}`,
    pods: spec?.parallelism ?? spec?.replicas ?? 1,
    admission: { resourceVersion, queue, otherGates: gates.filter((gate) => gate !== WAIT_GATE) },
  };
}

/** The names in a list of admission gates. */
export function gatesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((gate) => gate.trim())
    .filter(Boolean);
}

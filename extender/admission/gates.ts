import { controllerOf } from '../../shared/runtime/kubernetes/object-metadata.ts';
import { ADMISSION_GATES, QUEUE_NAME, QUEUED_KINDS } from '../deferral/kueue-work.ts';
import { isQueuedElsewhere } from '../deferral/ownership.ts';
import { WAIT_GATE } from '../deferral/waiting-work.ts';
import { ANNOTATION_PREFIX, type PodPreferences } from '../placement/annotations.ts';
import type { PodPolicy } from '../placement/pod-policy.ts';
import type { QueueDefaults } from './queue-defaults.ts';
import type { AdmissionRequest, Annotated, PatchOperation, ReviewedObject } from './review.ts';

/** Looks up what applies to an object by its own annotations, what its queue sets, and its namespace. */
export type PolicyOf = (object: {
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly queue?: PodPreferences | undefined;
}) => PodPolicy;

const WINDOW = `${ANNOTATION_PREFIX}window`;
const MAX_DELAY = `${ANNOTATION_PREFIX}max-delay`;

/**
 * What the webhook changes in an object: the scheduling gate of a pod that may wait, Kueue's admission gate of queued work
 * that may wait, and a CronJob's window in the template of its pods. The same as the MutatingAdmissionPolicies of
 * k8s/components/gate-policies/gate-policy.yaml do where the API server has them.
 */
export function gateChanges(
  request: AdmissionRequest,
  policyOf: PolicyOf,
  queues: QueueDefaults = NO_QUEUES,
): readonly PatchOperation[] {
  const { kind, namespace, object } = request;
  if (kind.group === 'batch' && kind.kind === 'CronJob') return windowChanges(request);
  const { labels, annotations } = object.metadata;
  const name = labels?.[QUEUE_NAME];
  const queue = name ? queues.of(namespace, name) : undefined;
  if (request.operation !== 'CREATE' || !mayWait(policyOf({ namespace, annotations: annotations ?? undefined, queue })))
    return [];
  const isPod = kind.group === '' && kind.kind === 'Pod';
  if (name) return (isPod ? isPodQueuedByItself(object) : isQueuedByItself(object)) ? queueChanges(object) : [];
  return isPod ? podChanges(object) : [];
}

const NO_QUEUES: QueueDefaults = { of: () => undefined };

function mayWait({ mode, preferences: { skip, maxDelayMs, deadline } }: PodPolicy): boolean {
  return mode === 'enforce' && skip !== true && (maxDelayMs !== undefined || deadline !== undefined);
}

function podChanges({ metadata, spec }: ReviewedObject): readonly PatchOperation[] {
  const { nodeName, priorityClassName, schedulerName, schedulingGates: gates } = spec ?? {};
  const { labels, ownerReferences: owners } = metadata;
  const isSystem = priorityClassName?.startsWith('system-') || owners?.some(({ kind }) => kind === 'DaemonSet');
  if (nodeName || isSystem || isQueuedElsewhere({ labels, ownerReferences: owners, schedulerName })) return [];
  if (gates?.some(({ name }) => name === WAIT_GATE)) return [];
  const gate = { name: WAIT_GATE };
  return gates
    ? [{ op: 'add', path: '/spec/schedulingGates/-', value: gate }]
    : [{ op: 'add', path: '/spec/schedulingGates', value: [gate] }];
}

const POD_GROUP = 'kueue.x-k8s.io/pod-group-name';
/** Groups of the kinds whose pods Kueue admits with their owner. Those of Deployments and StatefulSets it queues as pods. */
const OWNER_GROUPS: ReadonlySet<string> = new Set(
  QUEUED_KINDS.map(({ group }) => group).filter((group) => group !== '' && group !== 'apps'),
);

/** Pods of a group are admitted together, so that a gate on one of them means nothing. */
function isPodQueuedByItself({ metadata: { labels, ownerReferences } }: ReviewedObject): boolean {
  const owner = controllerOf(ownerReferences);
  const isOwned = OWNER_GROUPS.has(owner?.apiVersion?.split('/')[0] ?? '');
  return labels?.[POD_GROUP] === undefined && !isOwned && !ownerReferences?.some(({ kind }) => kind === 'DaemonSet');
}

function isQueuedByItself({ metadata: { ownerReferences } }: ReviewedObject): boolean {
  const controller = controllerOf(ownerReferences);
  return controller === undefined || controller.kind === 'CronJob';
}

function queueChanges({ metadata: { annotations } }: ReviewedObject): readonly PatchOperation[] {
  const gates = annotations?.[ADMISSION_GATES] ?? '';
  if (gates.split(',').some((name) => name.trim() === WAIT_GATE)) return [];
  return annotate('/metadata', annotations, ADMISSION_GATES, gates === '' ? WAIT_GATE : `${gates},${WAIT_GATE}`);
}

/** Into the template of its pods, where this webhook finds it, and of its Jobs, which Kueue may queue. */
function windowChanges({ object, oldObject }: AdmissionRequest): readonly PatchOperation[] {
  const window = object.metadata.annotations?.[WINDOW];
  const jobs = object.spec?.jobTemplate;
  if (window === undefined || jobs == null) return [];
  const before = oldObject?.metadata.annotations?.[WINDOW];
  const into = (template: Annotated | null | undefined, path: string) => {
    if (template == null) return [];
    const present = template.metadata?.annotations?.[MAX_DELAY];
    // Absent, or written for an earlier window.
    if (present === window || (present !== undefined && present !== before)) return [];
    if (template.metadata == null)
      return [{ op: 'add' as const, path, value: { annotations: { [MAX_DELAY]: window } } }];
    return annotate(path, template.metadata.annotations, MAX_DELAY, window);
  };
  return [
    ...into(jobs, '/spec/jobTemplate/metadata'),
    ...into(jobs.spec?.template, '/spec/jobTemplate/spec/template/metadata'),
  ];
}

function annotate(
  path: string,
  annotations: Readonly<Record<string, string>> | null | undefined,
  name: string,
  value: string,
): readonly PatchOperation[] {
  if (annotations == null) return [{ op: 'add', path: `${path}/annotations`, value: { [name]: value } }];
  return [{ op: 'add', path: `${path}/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, value }];
}

import { controllerOf } from '../../shared/runtime/kubernetes/object-metadata.ts';
import { ADMISSION_GATES, QUEUE_NAME } from '../deferral/kueue-work.ts';
import { isQueuedElsewhere } from '../deferral/ownership.ts';
import { WAIT_GATE } from '../deferral/waiting-work.ts';
import { ANNOTATION_PREFIX } from '../placement/annotations.ts';
import type { PodPolicy } from '../placement/pod-policy.ts';
import type { AdmissionRequest, PatchOperation, ReviewedObject } from './review.ts';

/** Looks up what applies to an object by its namespace and its own annotations. */
export type PolicyOf = (object: {
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}) => PodPolicy;

const WINDOW = `${ANNOTATION_PREFIX}window`;
const MAX_DELAY = `${ANNOTATION_PREFIX}max-delay`;

/**
 * What the webhook changes in an object: the scheduling gate of a pod that may wait, Kueue's admission gate of queued work
 * that may wait, and a CronJob's window in the template of its pods. The same as the MutatingAdmissionPolicies of
 * k8s/components/gate-policies/gate-policy.yaml do where the API server has them.
 */
export function gateChanges(request: AdmissionRequest, policyOf: PolicyOf): readonly PatchOperation[] {
  const { kind, namespace, object } = request;
  if (kind.group === 'batch' && kind.kind === 'CronJob') return windowChanges(request);
  const annotations = object.metadata.annotations ?? undefined;
  if (request.operation !== 'CREATE' || !mayWait(policyOf({ namespace, annotations }))) return [];
  return kind.group === '' && kind.kind === 'Pod' ? podChanges(object) : queueChanges(object);
}

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

function queueChanges({ metadata }: ReviewedObject): readonly PatchOperation[] {
  const { annotations, labels, ownerReferences: owners } = metadata;
  const controller = controllerOf(owners);
  if (!labels?.[QUEUE_NAME] || (controller !== undefined && controller.kind !== 'CronJob')) return [];
  const gates = annotations?.[ADMISSION_GATES] ?? '';
  if (gates.split(',').some((name) => name.trim() === WAIT_GATE)) return [];
  return annotate('/metadata', annotations, ADMISSION_GATES, gates === '' ? WAIT_GATE : `${gates},${WAIT_GATE}`);
}

function windowChanges({ object, oldObject }: AdmissionRequest): readonly PatchOperation[] {
  const window = object.metadata.annotations?.[WINDOW];
  const pods = object.spec?.jobTemplate?.spec?.template;
  if (window === undefined || pods == null) return [];
  const present = pods.metadata?.annotations?.[MAX_DELAY];
  const before = oldObject?.metadata.annotations?.[WINDOW];
  // Absent, or written for an earlier window.
  if (present === window || (present !== undefined && present !== before)) return [];
  const path = '/spec/jobTemplate/spec/template/metadata';
  if (pods.metadata == null) return [{ op: 'add', path, value: { annotations: { [MAX_DELAY]: window } } }];
  return annotate(path, pods.metadata.annotations, MAX_DELAY, window);
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

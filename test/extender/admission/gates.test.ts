import { describe, expect, it } from 'vitest';
import { gateChanges } from '../../../extender/admission/gates.ts';
import { type AdmissionRequest, admissionReview } from '../../../extender/admission/review.ts';
import type { Mode } from '../../../extender/placement/mode.ts';
import { createPodPolicies, readNamespaceDefaults } from '../../../extender/placement/pod-policy.ts';

const MAY_WAIT = { 'carbon-extender.io/max-delay': '6h' };
const GATE = { name: 'carbon-extender.io/wait' };
const ADD_GATE = [{ op: 'add', path: '/spec/schedulingGates', value: [GATE] }];
const QUEUED = { 'kueue.x-k8s.io/queue-name': 'batch' };

describe('the changes of the admission webhook', () => {
  it('gate a pod that may wait by its own annotation, its namespace or the cluster', () => {
    const own = gateChanges(pod({ annotations: MAY_WAIT }), policies());
    const namespaced = gateChanges(
      pod({}),
      policies({ namespace: { 'carbon-extender.io/deadline': '2099-01-01T00:00:00Z' } }),
    );
    const cluster = gateChanges(pod({}), policies({ cluster: 3_600_000 }));

    expect([own, namespaced, cluster]).toEqual([ADD_GATE, ADD_GATE, ADD_GATE]);
  });

  it('add to the gates that a pod has, and never a second of ours', () => {
    const other = gateChanges(pod({ annotations: MAY_WAIT }, { schedulingGates: [{ name: 'other' }] }), policies());
    const gated = gateChanges(pod({ annotations: MAY_WAIT }, { schedulingGates: [GATE] }), policies());

    expect(other).toEqual([{ op: 'add', path: '/spec/schedulingGates/-', value: GATE }]);
    expect(gated).toEqual([]);
  });

  it.each([
    ['no annotation', {}, {}],
    ['an annotation that cannot be read', { annotations: { 'carbon-extender.io/max-delay': 'soon' } }, {}],
    ['skip', { annotations: { ...MAY_WAIT, 'carbon-extender.io/skip': 'true' } }, {}],
    ['a node', { annotations: MAY_WAIT }, { nodeName: 'a' }],
    ['a system priority', { annotations: MAY_WAIT }, { priorityClassName: 'system-node-critical' }],
    [
      'a DaemonSet',
      { annotations: MAY_WAIT, ownerReferences: [{ kind: 'DaemonSet', name: 'd', controller: true }] },
      {},
    ],
    ['another queue', { annotations: MAY_WAIT, labels: { 'volcano.sh/queue-name': 'batch' } }, {}],
    ['another queue’s scheduler', { annotations: MAY_WAIT }, { schedulerName: 'volcano' }],
  ])('leave a pod with %s alone', (_, metadata, spec) => {
    expect(gateChanges(pod(metadata, spec), policies())).toEqual([]);
  });

  it.each(['advise', 'off'] as const)('leave every pod alone where the mode is %s', (mode) => {
    expect(gateChanges(pod({ annotations: MAY_WAIT }), policies({ mode }))).toEqual([]);
  });

  it('leave an update alone: gates can only be added at creation', () => {
    expect(gateChanges({ ...pod({ annotations: MAY_WAIT }), operation: 'UPDATE' }, policies())).toEqual([]);
  });

  it('hold queued work back from admission by Kueue, beside the gates of others', () => {
    const [first, second, child] = [
      { annotations: MAY_WAIT, labels: QUEUED },
      { annotations: { ...MAY_WAIT, 'kueue.x-k8s.io/admission-gated-by': 'other' }, labels: QUEUED },
      { annotations: MAY_WAIT, labels: QUEUED, ownerReferences: [{ kind: 'JobSet', name: 's', controller: true }] },
    ].map((metadata) => gateChanges(job(metadata), policies()));

    const path = '/metadata/annotations/kueue.x-k8s.io~1admission-gated-by';
    expect(first).toEqual([{ op: 'add', path, value: 'carbon-extender.io/wait' }]);
    expect(second).toEqual([{ op: 'add', path, value: 'other,carbon-extender.io/wait' }]);
    expect(child).toEqual([]);
  });

  it('let queued work wait by what its LocalQueue sets, behind its own annotations and before its namespace’s', () => {
    const set = { batch: { maxDelayMs: 3_600_000 }, calm: { skip: true } } as Record<string, object>;
    const queues = { of: (namespace: string, queue: string) => (namespace === 'shop' ? set[queue] : undefined) };
    const labels = (queue: string) => ({ 'kueue.x-k8s.io/queue-name': queue });
    const skip = { 'carbon-extender.io/skip': 'true' };
    const gated = (request: AdmissionRequest, namespace?: Record<string, string>) =>
      gateChanges(request, policies({ ...(namespace && { namespace }) }), queues).length > 0;

    expect(gated(job({ labels: labels('batch') }))).toBe(true);
    expect(gated(job({ labels: labels('batch'), annotations: skip }))).toBe(false);
    expect(gated(job({ labels: labels('calm') }), MAY_WAIT)).toBe(false);
    expect(gated(job({ labels: labels('unknown') }), MAY_WAIT)).toBe(true);
    expect(gated(job({ labels: labels('unknown') }))).toBe(false);
    expect(gated(pod({}))).toBe(false);
  });

  it.each([
    ['by itself', {}, true],
    [
      'of a Deployment',
      { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', controller: true }] },
      true,
    ],
    [
      'of a controller that Kueue does not know',
      { ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', name: 'w', controller: true }] },
      true,
    ],
    ['of a group', { labels: { ...QUEUED, 'kueue.x-k8s.io/pod-group-name': 'g' } }, false],
    ['of a Job', { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', controller: true }] }, false],
    [
      'of a JobSet',
      { ownerReferences: [{ apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 's', controller: true }] },
      false,
    ],
    ['of a DaemonSet', { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd' }] }, false],
  ])('hold a queued pod %s back from admission, and never by a scheduling gate', (_, metadata, expected) => {
    const changes = gateChanges(pod({ annotations: MAY_WAIT, labels: QUEUED, ...metadata }), policies());

    const path = '/metadata/annotations/kueue.x-k8s.io~1admission-gated-by';
    expect(changes).toEqual(expected ? [{ op: 'add', path, value: 'carbon-extender.io/wait' }] : []);
  });

  it('write a CronJob’s window into the templates of its pods and Jobs, and follow it, but never a max-delay of its own', () => {
    const jobs = '/spec/jobTemplate/metadata';
    const pods = '/spec/jobTemplate/spec/template/metadata';
    const fresh = gateChanges(cronJob('6h', undefined), policies());
    const changed = gateChanges(cronJob('8h', '6h', '6h'), policies());
    const own = gateChanges(cronJob('8h', '2h', '6h'), policies());
    const same = gateChanges(cronJob('6h', '6h', '6h'), policies());

    const value = { annotations: { 'carbon-extender.io/max-delay': '6h' } };
    expect(fresh).toEqual([jobs, pods].map((path) => ({ op: 'add', path, value })));
    const follow = (path: string) => ({
      op: 'add',
      path: `${path}/annotations/carbon-extender.io~1max-delay`,
      value: '8h',
    });
    expect(changed).toEqual([jobs, pods].map(follow));
    expect([own, same]).toEqual([[], []]);
  });
});

function policies({
  mode = 'enforce',
  namespace,
  cluster,
}: {
  mode?: Mode;
  namespace?: Record<string, string>;
  cluster?: number;
} = {}) {
  const preferences = cluster === undefined ? {} : { maxDelayMs: cluster };
  return createPodPolicies({ mode, preferences }, { of: () => readNamespaceDefaults(namespace) });
}

function pod(metadata: object, spec: object = {}): AdmissionRequest {
  return reviewOf({ group: '', version: 'v1', kind: 'Pod' }, { metadata, spec });
}

function job(metadata: object): AdmissionRequest {
  return reviewOf({ group: 'batch', version: 'v1', kind: 'Job' }, { metadata, spec: {} });
}

function cronJob(window: string, maxDelay: string | undefined, before?: string): AdmissionRequest {
  const template =
    maxDelay === undefined ? {} : { metadata: { annotations: { 'carbon-extender.io/max-delay': maxDelay } } };
  const object = (text: string) => ({
    metadata: { annotations: { 'carbon-extender.io/window': text } },
    spec: { jobTemplate: { ...template, spec: { template } } },
  });
  return reviewOf(
    { group: 'batch', version: 'v1', kind: 'CronJob' },
    object(window),
    before === undefined ? undefined : object(before),
  );
}

function reviewOf(kind: object, object: object, oldObject?: object): AdmissionRequest {
  const request = { uid: 'u', kind, namespace: 'shop', operation: 'CREATE', object, oldObject };
  return admissionReview.parse({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }).request;
}

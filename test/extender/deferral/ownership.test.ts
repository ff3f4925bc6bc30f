import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOursToResume, isQueuedElsewhere, QUEUES } from '../../../extender/deferral/ownership.ts';
import { ROOT } from '../../laws/sources.ts';

const CREATED = Date.parse('2026-03-02T12:00:00Z');
const owner = (apiVersion: string, kind: string) => ({ apiVersion, kind, name: 'x', uid: 'u', controller: true });

describe('work of another queue', () => {
  it.each([
    ['a label of Kueue', { labels: { 'kueue.x-k8s.io/queue-name': 'team' } }],
    ['a prebuilt workload', { labels: { 'kueue.x-k8s.io/prebuilt-workload-name': 'w' } }],
    ['a priority class of Kueue alone', { labels: { 'kueue.x-k8s.io/priority-class': 'high' } }],
    ['a JobSet above it', { ownerReferences: [owner('jobset.x-k8s.io/v1alpha2', 'JobSet')] }],
    ['a RayJob above it', { ownerReferences: [owner('ray.io/v1', 'RayJob')] }],
    ['a Volcano Job above it', { ownerReferences: [owner('batch.volcano.sh/v1alpha1', 'Job')] }],
    ['a pod group', { labels: { 'scheduling.k8s.io/group-name': 'gang' } }],
    ['a pod group of scheduler-plugins', { labels: { 'scheduling.x-k8s.io/pod-group': 'gang' } }],
    ['a pod group of Koordinator', { labels: { 'pod-group.scheduling.sigs.k8s.io': 'gang' } }],
    ['a scheduler with a queue', { schedulerName: 'yunikorn' }],
  ])('is known by %s', (_what, belongings) => {
    expect(isQueuedElsewhere(belongings)).toBe(true);
  });

  it('is not any work with a controller, a label or a scheduler', () => {
    expect(isQueuedElsewhere({})).toBe(false);
    expect(isQueuedElsewhere({ ownerReferences: [owner('batch/v1', 'Job')], labels: { app: 'web' } })).toBe(false);
    expect(isQueuedElsewhere({ ownerReferences: [owner('apps/v1', 'ReplicaSet')], schedulerName: 'mine' })).toBe(false);
    // An owner that does not control is a mere reference.
    const reference = { ...owner('ray.io/v1', 'RayJob'), controller: false };
    expect(isQueuedElsewhere({ ownerReferences: [reference] })).toBe(false);
  });

  it('is known to the admission policies by the same lists', () => {
    const [gate, guard] = ['components/gate-policies/gate-policy.yaml', 'base/guard-policy.yaml'].map((file) =>
      readFileSync(join(ROOT, 'k8s', file), 'utf8'),
    );

    for (const name of [...QUEUES.groups, ...QUEUES.labels, ...QUEUES.schedulers]) expect(gate).toContain(`'${name}'`);
    for (const label of QUEUES.labels) expect(guard).toContain(`'${label}'`);
    expect(QUEUES.groups.length).toBeGreaterThan(10);
  });
});

describe('a suspended Job', () => {
  const suspendedAt = (ms: number) => [{ type: 'Suspended', lastTransitionTime: new Date(CREATED + ms).toISOString() }];

  it('is ours to resume when it was created suspended, alone or by a CronJob', () => {
    expect(isOursToResume({ createdAt: CREATED, generation: 1 })).toBe(true);
    expect(isOursToResume({ createdAt: CREATED, ownerReferences: [owner('batch/v1', 'CronJob')] })).toBe(true);
    expect(isOursToResume({ createdAt: CREATED, managedBy: 'kubernetes.io/job-controller' })).toBe(true);
  });

  it('stays ours when its spec is edited while it waits', () => {
    expect(isOursToResume({ createdAt: CREATED, generation: 2, conditions: suspendedAt(1_000) })).toBe(true);
  });

  it.each([
    ['somebody suspended later', { generation: 2, conditions: suspendedAt(60_000) }],
    ['has a start time', { startTime: '2026-03-02T12:00:00Z' }],
    ['another controller owns', { ownerReferences: [owner('argoproj.io/v1alpha1', 'Workflow')] }],
    [
      'something owns that does not control it',
      { ownerReferences: [{ ...owner('acme.io/v1', 'Run'), controller: false }] },
    ],
    ['a CronJob of another kind owns', { ownerReferences: [owner('apps.kruise.io/v1', 'CronJob')] }],
    ['another controller manages', { managedBy: 'kueue.x-k8s.io/multikueue' }],
    ['another queue has labelled', { labels: { 'kueue.x-k8s.io/queue-name': 'q' } }],
    ['a batch scheduler places', { schedulerName: 'volcano' }],
  ])('is left alone that %s', (_what, job) => {
    expect(isOursToResume({ createdAt: CREATED, generation: 1, ...job })).toBe(false);
  });
});

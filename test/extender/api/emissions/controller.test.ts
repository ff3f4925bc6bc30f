import { describe, expect, it } from 'vitest';
import { controllerOf } from '../../../../extender/api/emissions/controller.ts';

describe('the controller of a pod', () => {
  it.each([
    ['web-7d4b9c-x2k9p', { 'pod-template-hash': '7d4b9c' }, { kind: 'deployment', name: 'web' }],
    [
      'db-0',
      { 'statefulset.kubernetes.io/pod-name': 'db-0', 'controller-revision-hash': 'db-1' },
      { kind: 'statefulset', name: 'db' },
    ],
    ['agent-zz9x1', { 'controller-revision-hash': '5f' }, { kind: 'daemonset', name: 'agent' }],
    ['report-28-abcde', { 'batch.kubernetes.io/job-name': 'report-28' }, { kind: 'job', name: 'report-28' }],
    ['report-28-abcde', { 'job-name': 'report-28' }, { kind: 'job', name: 'report-28' }],
  ])('%s with %j is %j', (pod, labels, controller) => {
    expect(controllerOf(pod, labels)).toEqual(controller);
  });

  it.each([
    ['a bare pod', 'web-0', { app: 'web' }],
    ['a pod without recorded labels', 'web-7d4b9c-x2k9p', undefined],
    ['a name that does not have the hash of its label', 'other-name', { 'pod-template-hash': '7d4b9c' }],
    ['a hash without a name before it', '-7d4b9c-x2k9p', { 'pod-template-hash': '7d4b9c' }],
  ])('%s has none that is known', (_, pod, labels) => {
    expect(controllerOf(pod, labels)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { workloadName } from '../../../shared/records/workload-name.ts';

describe('workloadName', () => {
  it.each([
    ['a Deployment', 'checkout-7d9f6c8b5d-x2v4k', 'checkout'],
    ['a Deployment with dashes', 'cart-api-v2-6c5f9d7b8c-zq9lt', 'cart-api-v2'],
    ['a DaemonSet', 'node-exporter-h8k2p', 'node-exporter'],
    ['a CronJob', 'nightly-report-29380320-wz8x4', 'nightly-report'],
    ['an index of an indexed Job', 'render-3-b7xkq', 'render-3'],
    ['a Deployment whose name ends in a number', 'web-2-7d9f6c8b5d-x2v4k', 'web-2'],
    ['a StatefulSet', 'prometheus-0', 'prometheus'],
  ])('is the name of %s', (_kind, pod, workload) => {
    expect(workloadName(pod)).toBe(workload);
  });

  it.each(['standalone', 'web-frontend', 'job-aeiou', 'x-1a2b3', ''])(
    'keeps %j, which has no generated suffix',
    (pod) => {
      expect(workloadName(pod)).toBe(pod);
    },
  );
});

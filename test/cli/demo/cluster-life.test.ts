import { describe, expect, it } from 'vitest';
import { populate, step } from '../../../cli/demo/cluster-life.ts';
import { createClusterObjects, type DemoObject } from '../../../cli/demo/cluster-objects.ts';
import { jobObject, RUNS_FOR } from '../../../cli/demo/demo-objects.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';

const NOW = Date.parse('2026-11-28T10:00:00Z');
const JOB = { namespace: 'batch', name: 'report', watts: 100, hours: 1, arrivals: [] };

function cluster() {
  const objects = createClusterObjects(systemClock);
  objects.put('jobs', jobObject(JOB, 'report', NOW));
  const pods = () => objects.all('pods');
  const job = (): DemoObject => objects.all('jobs')[0] ?? { metadata: { name: '' } };
  const suspend = (value: boolean) => objects.put('jobs', { ...job(), spec: { ...job().spec, suspend: value } });
  const bind = (at: number) => {
    const [pod] = pods();
    if (pod === undefined) throw new Error('no pod');
    const status = { phase: 'Running', since: new Date(at).toISOString() };
    objects.put('pods', { ...pod, spec: { ...pod.spec, nodeName: 'n' }, status });
  };
  return { objects, pods, job, suspend, bind };
}

it('is a cluster whose work is gated, as the extender looks for it: its start has no warning', () => {
  const objects = createClusterObjects(systemClock);
  populate(objects, systemClock);

  const { ADMISSION_NAME } = loadConfig('extender', extenderConfigSchema, {});
  expect(objects.get('mutatingadmissionpolicies', ADMISSION_NAME)).toBeDefined();
});

describe('a Job of the demo', () => {
  it('loses its pod when it is suspended, and goes on later with what is left', () => {
    const { objects, pods, job, suspend, bind } = cluster();
    step(objects, NOW);
    const [first] = pods();
    bind(NOW);

    suspend(true);
    step(objects, NOW + 900_000);
    expect(pods()).toEqual([]);
    expect(job().status?.startTime).toBeUndefined();
    suspend(false);
    step(objects, NOW + 2_000_000);

    const [second] = pods();
    expect(second?.metadata.name).not.toBe(first?.metadata.name);
    expect(second?.metadata.annotations?.[RUNS_FOR]).toBe('2700');
  });

  it('finishes after its run time, and is removed with its pod a while later', () => {
    const { objects, pods, job, bind } = cluster();
    step(objects, NOW);
    bind(NOW);

    step(objects, NOW + 3_599_000);
    expect(pods()[0]?.status?.phase).toBe('Running');
    step(objects, NOW + 3_600_000);
    expect(pods()[0]?.status?.phase).toBe('Succeeded');
    expect(job().status?.completionTime).toBe('2026-11-28T11:00:00.000Z');
    step(objects, NOW + 3_700_000);

    expect([pods(), objects.all('jobs')]).toEqual([[], []]);
  });
});

// Flow: work that waits behind the admission gate of a real Kueue, with the shipped policies and rights.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../laws/sources.ts';
import { eventually } from '../started-process.ts';
import type { Api } from './api.ts';
import { clusterAssets } from './assets.ts';
import type { ControlPlane } from './control-plane.ts';
import {
  condition,
  GATES,
  holdsQuota,
  JOBS,
  OURS,
  ours,
  queuedJob,
  queuedPod,
  queuedSet,
  WORKLOADS,
  workloadOf,
} from './kueue-jobs.ts';
import { startKueueWorld } from './kueue-world.ts';
import type { Program } from './program.ts';
import { kueueAssets, startKueue } from './real-kueue.ts';
import { type Replica, startReplica } from './replica.ts';

const assets = kueueAssets(clusterAssets());
const PODS = '/api/v1/namespaces/batch/pods';
/** The hours of the trace pass as real ones do: nothing that may wait eight hours is due in this test. */
const SLOW = { factor: 1, periodMs: 500 };

describe.skipIf(assets === undefined)('with a real Kueue', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'kueue-'));
  const dir = join(folder, 'plane');
  let plane: ControlPlane;
  let api: Api;
  let kueue: Program;
  let replica: Replica;

  beforeAll(async () => {
    const world = await startKueueWorld(stack, { assets: assets ?? '', folder, cpu: 4 });
    ({ plane, api, kueue } = world);
    const { kubeconfig } = world;
    replica = stack.use(await startReplica({ kubeconfig, identity: 'a', acceleration: { from: Date.now(), ...SLOW } }));
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gates what may wait by its own annotations, its LocalQueue’s or its namespace’s, and nothing else', async () => {
    await created(JOBS, queuedJob('own', ours({ 'max-delay': '8h' })));
    await created(JOBS, queuedJob('of-queue', {}, 'patient'));
    await created('/apis/batch/v1/namespaces/patient/jobs', queuedJob('of-namespace', {}, 'team', 'patient'));
    await created(JOBS, queuedJob('urgent', { ...ours({ skip: 'true' }) }, 'patient'));
    await created(JOBS, queuedJob('innocent'));
    await created(JOBS, {
      ...queuedJob('elsewhere', ours({ 'max-delay': '8h' })),
      metadata: { name: 'elsewhere', namespace: 'batch', annotations: ours({ 'max-delay': '8h' }) },
    });

    const gates = async (path: string) => (await api.get(path)).body.metadata.annotations?.[GATES];
    expect(
      await Promise.all([
        gates(`${JOBS}/own`),
        gates(`${JOBS}/of-queue`),
        gates('/apis/batch/v1/namespaces/patient/jobs/of-namespace'),
      ]),
    ).toEqual([OURS, OURS, OURS]);
    expect(await Promise.all([gates(`${JOBS}/urgent`), gates(`${JOBS}/innocent`), gates(`${JOBS}/elsewhere`)])).toEqual(
      [undefined, undefined, undefined],
    );
    await eventually(() => workloadOf(api, 'innocent'), holdsQuota);
    const gated = await eventually(
      () => workloadOf(api, 'own'),
      (found) => condition(found, 'QuotaReserved')?.reason === 'AdmissionGated',
    );
    expect(holdsQuota(gated)).toBe(false);
  });

  it('shows the plan where kubectl describe looks, on the object and on its Workload', async () => {
    const workload = await eventually(
      () => workloadOf(api, 'of-queue'),
      (found) => found?.metadata.annotations?.['carbon-extender.io/planned-start'] !== undefined,
    );
    const { body: job } = await api.get(`${JOBS}/of-queue`);
    const events = await eventually(
      async () =>
        (await api.get('/api/v1/namespaces/batch/events')).body.items as {
          reason: string;
          involvedObject: { kind: string; name: string };
        }[],
      (items) =>
        items.some(
          ({ reason, involvedObject }) => reason === 'WaitingForCleanHour' && involvedObject.name === 'of-queue',
        ),
    );

    expect(workload?.metadata.annotations).toMatchObject({
      'carbon-extender.io/planned-start': job.metadata.annotations['carbon-extender.io/planned-start'],
    });
    expect(job.metadata.annotations['carbon-extender.io/expected-saving']).toMatch(/^\d+\.\d%$/);
    expect(events.length).toBeGreaterThan(0);
  });

  it('holds plain pods, the pods of a Deployment and a StatefulSet', async () => {
    const wait = ours({ 'max-delay': '8h' });
    await created(PODS, queuedPod('plain', wait));
    await created('/apis/apps/v1/namespaces/batch/deployments', queuedSet('Deployment', 'web', wait));
    await created('/apis/apps/v1/namespaces/batch/statefulsets', queuedSet('StatefulSet', 'db', wait));
    const { body: web } = await api.get('/apis/apps/v1/namespaces/batch/deployments/web');
    // What the controllers of Deployments and ReplicaSets make of it.
    const { metadata, spec } = web.spec.template;
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: web.metadata.uid, controller: true };
    await created(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'web-1-x', namespace: 'batch', ownerReferences: [owner] },
      spec,
    });

    const paths = [`${PODS}/plain`, `${PODS}/web-1-x`, '/apis/apps/v1/namespaces/batch/statefulsets/db'];
    const planned = await Promise.all(
      paths.map((path) =>
        eventually(
          () => api.get(path),
          ({ body }) => body.metadata.annotations?.['carbon-extender.io/planned-start'] !== undefined,
        ),
      ),
    );
    expect(planned.map(({ body }) => body.metadata.annotations[GATES])).toEqual([OURS, OURS, OURS]);
    for (const name of ['plain', 'web-1-x', 'db'])
      expect(
        condition(
          await eventually(
            () => workloadOf(api, name),
            (found) => condition(found, 'QuotaReserved') !== undefined,
          ),
          'QuotaReserved',
        )?.reason,
      ).toBe('AdmissionGated');
    await record('gated', [`${JOBS}/own`, ...paths], ['own', 'plain', 'web-1-x', 'db']);
    // Kueue's gate alone holds the pods: ours would cost them their quota once they are admitted.
    expect(planned[0]?.body.spec.schedulingGates).not.toContainEqual({ name: 'carbon-extender.io/wait' });
  });

  it('leaves the gates of others alone, and what is released waits for them', async () => {
    await created(JOBS, queuedJob('twice', { ...ours({ 'max-delay': '8h' }), [GATES]: 'example.com/budget' }));
    expect((await api.get(`${JOBS}/twice`)).body.metadata.annotations[GATES]).toBe(`example.com/budget,${OURS}`);

    await api.patch(`${JOBS}/twice`, 'merge-patch+json', { metadata: { annotations: ours({ skip: 'true' }) } });

    const { body } = await eventually(
      () => api.get(`${JOBS}/twice`),
      (found) => found.body.metadata.annotations['carbon-extender.io/released-because'] !== undefined,
    );
    expect(body.metadata.annotations[GATES]).toBe('example.com/budget');
    expect(holdsQuota(await workloadOf(api, 'twice'))).toBe(false);
  });

  it('releases into Kueue’s own queue, and an eviction starts no second wait', async () => {
    await created(JOBS, queuedJob('evicted', ours({ 'max-delay': '8h' })));
    await eventually(
      () => workloadOf(api, 'evicted'),
      (found) => condition(found, 'QuotaReserved')?.reason === 'AdmissionGated',
    );
    await api.patch(`${JOBS}/evicted`, 'merge-patch+json', { metadata: { annotations: ours({ skip: 'true' }) } });
    const admitted = await eventually(() => workloadOf(api, 'evicted'), holdsQuota);
    const released = (await api.get(`${JOBS}/evicted`)).body.metadata.annotations['carbon-extender.io/released-at'];

    const path = `${WORKLOADS}/${admitted?.metadata.name}`;
    await api.patch(path, 'merge-patch+json', { spec: { active: false } });
    await eventually(
      () => workloadOf(api, 'evicted'),
      (found) => condition(found, 'Evicted')?.status === 'True' && !holdsQuota(found),
    );
    await api.patch(path, 'merge-patch+json', { spec: { active: true } });
    const again = await eventually(() => workloadOf(api, 'evicted'), holdsQuota);

    await record('admitted', [`${JOBS}/evicted`], ['evicted']);
    const { body } = await api.get(`${JOBS}/evicted`);
    expect(body.metadata.annotations['carbon-extender.io/released-at']).toBe(released);
    expect(body.metadata.annotations[GATES]).toBeUndefined();
    await expect.poll(async () => (await api.get(`${JOBS}/evicted`)).body.spec.suspend).toBe(false);
    expect(again?.metadata.annotations).toMatchObject({ 'carbon-extender.io/released-because': 'skip' });
  });

  it('lets go at once, and says why, where Kueue does not know the gate', async () => {
    await kueue[Symbol.asyncDispose]();
    kueue = stack.use(await startKueue({ assets: assets ?? '', plane, dir, admissionGatedBy: false }));
    await created(JOBS, queuedJob('old', ours({ 'max-delay': '8h' })));

    const { body } = await eventually(
      () => api.get(`${JOBS}/old`),
      (found) => found.body.metadata.annotations['carbon-extender.io/released-because'] !== undefined,
    );
    const { body: events } = await eventually(
      () => api.get('/api/v1/namespaces/batch/events?fieldSelector=involvedObject.name=old,type=Warning'),
      (found) => found.body.items.length > 0,
    );

    expect(body.metadata.annotations['carbon-extender.io/released-because']).toBe('queue-without-gate');
    expect(body.metadata.annotations['carbon-extender.io/planned-start']).toBeUndefined();
    expect(events.items[0].message).toContain('AdmissionGatedBy');
    await record('ungated', [`${JOBS}/old`], ['old']);
    expect(replica.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  /** With RECORD=1, keeps objects as this Kueue left them, for the tests that run without it. */
  async function record(state: string, paths: readonly string[], owners: readonly string[]): Promise<void> {
    if (!process.env.RECORD) return;
    const objects = await Promise.all(paths.map(async (path) => (await api.get(path)).body));
    const workloads = await Promise.all(owners.map((owner) => workloadOf(api, owner)));
    const file = join(ROOT, 'test/extender/deferral/fixtures', `kueue-0.17.0-${state}.json`);
    writeFileSync(file, `${JSON.stringify({ objects, workloads }, null, 2)}\n`);
  }

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await api.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }
});

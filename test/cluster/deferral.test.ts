// Flow: waiting work on a real API server, with the shipped policies.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import { spawn } from '../children.ts';
import { gridText } from '../extender/deferral/grid-document.ts';
import { ROOT } from '../laws/sources.ts';
import { eventually, type StartedProcess, startProcess } from '../started-process.ts';
import { type Api, apiOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const assets = clusterAssets();
const GATE = 'carbon-extender.io/wait';
const PODS = '/api/v1/namespaces/default/pods';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const WAIT = { 'carbon-extender.io/max-delay': '8h', 'carbon-extender.io/duration': '30m' };

describe.skipIf(assets === undefined)('deferral on a real API server', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'deferral-'));
  const cache = join(folder, 'carbon_cache.json');
  let plane: ControlPlane;
  let api: Api;
  let extender: StartedProcess;

  beforeAll(async () => {
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    api = apiOf(plane);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'carbon-extender' } };
    expect((await api.post('/api/v1/namespaces', namespace)).status).toBe(201);
    cleanIn(2);
    extender = startProcess('extender', {
      ...{ EXTENDER_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_PORT: '0', API_HOST: '127.0.0.1' },
      ...{ DEFERRAL: 'on', DEFERRAL_PERIOD_SECONDS: '0.5', DEFAULT_ZONE: 'DE', CACHE_POLL_SECONDS: '0.5' },
      ...{ KUBECONFIG: plane.kubeconfig, CACHE_FILE: cache, DATA_DIR: folder },
    });
    stack.defer(() => extender[Symbol.asyncDispose]());
    await extender.logged('extender started');
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes plan annotations and an Event behind the gate, and opens it when the hour has come', async () => {
    await created(PODS, podBehindGate('report', WAIT));

    const planned = await eventually(
      () => api.get(`${PODS}/report`),
      ({ body }) => body.metadata.annotations['carbon-extender.io/planned-start'] !== undefined,
    );
    const { body: events } = await eventually(
      () => api.get('/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=report'),
      ({ body }) => body.items.length > 0,
    );
    expect(planned.body.metadata.annotations['carbon-extender.io/expected-saving']).toBe('80.0%');
    expect(gates(planned.body)).toEqual([GATE]);
    expect(events.items[0]).toMatchObject({ reason: 'WaitingForCleanHour', involvedObject: { kind: 'Pod' } });

    // The hour that was planned turns out to be this one: the grid became clean early.
    cleanIn(0);
    await hourPassed('report');

    const released = await eventually(
      () => api.get(`${PODS}/report`),
      ({ body }) => gates(body).length === 0,
    );
    expect(released.body.metadata.annotations['carbon-extender.io/released-because']).toBe('due');
    cleanIn(2);
  });

  it('holds a suspended Job, and lets it run when it asks to skip', async () => {
    await created(JOBS, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'nightly', namespace: 'default', annotations: WAIT },
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: CONTAINERS } } },
    });
    await eventually(
      () => api.get(`${JOBS}/nightly`),
      ({ body }) => body.metadata.annotations['carbon-extender.io/planned-start'] !== undefined,
    );

    await api.patch(`${JOBS}/nightly`, 'merge-patch+json', {
      metadata: { annotations: { 'carbon-extender.io/skip': 'true' } },
    });

    const { body } = await eventually(
      () => api.get(`${JOBS}/nightly`),
      (answer) => answer.body.spec.suspend === false,
    );
    expect(body.metadata.annotations['carbon-extender.io/released-because']).toBe('skip');
  });

  it('records the wait of a pod and of a Job that no scheduler asked about, for the savings', async () => {
    const { body: job } = await api.get(`${JOBS}/nightly`);
    const { uid } = job.metadata;
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'nightly', uid, controller: true }];
    await created(PODS, {
      ...podBehindGate('nightly-1', {}),
      metadata: { name: 'nightly-1', namespace: 'default', ownerReferences },
      spec: { containers: CONTAINERS },
    });

    // What kube-scheduler does with a pod that only one node can take: it asks no extender.
    for (const name of ['report', 'nightly-1'])
      await created(`${PODS}/${name}/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name },
        target: { kind: 'Node', name: 'only-node' },
      });

    const { apiPort } = await extender.logged('extender started');
    const { decisions } = await eventually(
      async () => (await (await fetch(`http://127.0.0.1:${apiPort}/api/decisions`)).json()) as Told,
      ({ count }) => count === 2,
    );
    const told = decisions.map(({ pod, owner, zone, node, candidates }) => [pod, owner, zone, node, candidates]);
    expect(told.sort()).toEqual([
      ['nightly-1', 'Job/nightly', 'DE', 'only-node', 0],
      ['report', null, 'DE', 'only-node', 0],
    ]);
  });

  it('is kept by one replica, whose name stands in the Lease', async () => {
    const { body } = await eventually(
      () => api.get('/apis/coordination.k8s.io/v1/namespaces/carbon-extender/leases/carbon-extender-deferral'),
      ({ status }) => status === 200,
    );

    expect(body.spec.holderIdentity).not.toBe('');
    expect(Date.parse(body.spec.renewTime)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('is finished by the watchdog when the controller is killed', async () => {
    await created(PODS, podBehindGate('orphan', WAIT));
    await created(PODS, podBehindGate('may-wait', WAIT));
    await eventually(
      () => api.get(`${PODS}/orphan`),
      ({ body }) => body.metadata.annotations['carbon-extender.io/planned-start'] !== undefined,
    );
    extender.child.kill('SIGKILL');
    await once(extender.child, 'exit');
    const passed = { metadata: { annotations: { 'carbon-extender.io/deadline': isoTime(Date.now() - 1_000) } } };
    await api.patch(`${PODS}/orphan`, 'merge-patch+json', passed);

    const watchdog = spawn(process.execPath, [join(ROOT, 'extender/main.ts'), '--watchdog'], {
      env: { KUBECONFIG: plane.kubeconfig },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(watchdog, 'exit');

    expect(code).toBe(0);
    expect(gates((await api.get(`${PODS}/orphan`)).body)).toEqual([]);
    expect(gates((await api.get(`${PODS}/may-wait`)).body)).toEqual([GATE]);
  });

  function cleanIn(hours: number): void {
    const values = Array.from({ length: 24 }, (_, hour) => (hour === hours ? 100 : 500));
    writeFileSync(cache, gridText({ DE: values }, Date.now(), 60));
  }

  /** Moves the plan that stands on a pod to now, as the passing of time would. */
  async function hourPassed(name: string): Promise<void> {
    const annotations = { 'carbon-extender.io/planned-start': isoTime(Date.now() - HOUR_MS) };
    await api.patch(`${PODS}/${name}`, 'merge-patch+json', { metadata: { annotations } });
  }

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await api.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }
});

/** What `GET /api/decisions` answers, as far as it matters here. */
interface Told {
  readonly count: number;
  readonly decisions: readonly Readonly<Record<string, string | number | null>>[];
}

const CONTAINERS = [{ name: 'main', image: 'none.example/app:1' }];

function podBehindGate(name: string, annotations: Record<string, string>): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', annotations },
    spec: { schedulingGates: [{ name: GATE }], containers: CONTAINERS },
  };
}

function gates(pod: { spec: { schedulingGates?: { name: string }[] } }): string[] {
  return (pod.spec.schedulingGates ?? []).map(({ name }) => name);
}

// Flow: doors to pods and Jobs beside an update of the object itself, on a real API server: their subresources, generated
// names, and clients that speak protobuf.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recorded } from '../k8s/objects.ts';
import { eventually } from '../started-process.ts';
import { type Answer, type Api, apiOf, applyAll, readyNode, tokenOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { podInProtobuf } from './protobuf.ts';

const assets = clusterAssets();
const PODS = '/api/v1/namespaces/default/pods';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const WAIT = { 'carbon-extender.io/max-delay': '8h', theirs: 'kept' };
const GATES = [{ name: 'carbon-extender.io/wait' }];
const CONTAINERS = [{ name: 'main', image: 'none.example/app:1' }];
const SUBRESOURCES = ['pods/status', 'pods/ephemeralcontainers', 'pods/resize', 'jobs/status'];
const NAMES = ['carbon-extender-watchdog', 'carbon-aware-scheduler'] as const;

const debugging = { spec: { ephemeralContainers: [{ name: 'debug', image: 'evil.example/shell:1' }] } };
const resized = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1m' } } }] } };
const binding = {
  ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'open' } },
  target: { kind: 'Node', name: 'n' },
};
const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'open' } };
const ended = { status: { conditions: [{ type: 'Ours', status: 'True' }] } };
const labelled = { metadata: { labels: { added: 'yes' } } };
const annotated = { metadata: { annotations: { theirs: 'changed' } } };
const held = { metadata: { finalizers: ['example.com/stuck'] } };

const DOORS: readonly (readonly [string, (api: Api) => Promise<Answer>])[] = [
  [
    'a debugging container',
    (api) => api.patch(`${PODS}/open/ephemeralcontainers`, 'strategic-merge-patch+json', debugging),
  ],
  ['a resize', (api) => api.patch(`${PODS}/open/resize`, 'strategic-merge-patch+json', resized)],
  ['labels through the status', (api) => api.patch(`${PODS}/open/status`, 'merge-patch+json', labelled)],
  ['a foreign annotation through the status', (api) => api.patch(`${PODS}/open/status`, 'merge-patch+json', annotated)],
  ['finalizers through the status', (api) => api.patch(`${PODS}/open/status`, 'merge-patch+json', held)],
  ['the status of a Job', (api) => api.patch(`${JOBS}/open/status`, 'merge-patch+json', ended)],
  ['labels of a Job through its status', (api) => api.patch(`${JOBS}/open/status`, 'merge-patch+json', labelled)],
];

describe.skipIf(assets === undefined)('doors beside the object itself', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'doors-'));
  const accounts = new Map<string, Api>();
  let plane: ControlPlane;
  let admin: Api;

  beforeAll(async () => {
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    admin = apiOf(plane);
    expect(await applyAll(admin, recorded().variants['from-1.36'] ?? [])).toEqual([]);
    await created('/api/v1/nodes', readyNode('n', 'FR'));
    for (const name of NAMES) accounts.set(name, apiOf(plane, await tokenOf(admin, 'carbon-extender', name)));
    const containers = CONTAINERS.map((each) => ({ ...each, resources: { requests: { cpu: '100m' } } }));
    await created(PODS, { metadata: { name: 'open', annotations: WAIT }, spec: { containers } });
    const template = { spec: { restartPolicy: 'Never', containers: CONTAINERS } };
    await created(JOBS, { metadata: { name: 'open', annotations: WAIT }, spec: { suspend: true, template } });
    // Policies take effect a moment after they were created.
    await eventually(
      () => of('carbon-extender-watchdog').patch(`${PODS}/open?dryRun=All`, 'merge-patch+json', labelled),
      ({ status }) => status === 422,
    );
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(NAMES)('are shut for %s', async (name) => {
    const open: string[] = [];
    for (const [what, tried] of DOORS) {
      const { status } = await tried(of(name));
      if (status !== 403 && status !== 422) open.push(`${what}: ${status}`);
    }

    expect(open).toEqual([]);
  });

  it('are shut for the watchdog where only kube-scheduler needs them', async () => {
    const watchdog = of('carbon-extender-watchdog');
    const conditions = { status: { conditions: [{ type: 'Ours', status: 'True' }] } };
    const statuses = [
      await watchdog.post(`${PODS}/open/binding`, binding),
      await watchdog.post(`${PODS}/open/eviction`, eviction),
      await watchdog.patch(`${PODS}/open/status`, 'strategic-merge-patch+json', conditions),
      await watchdog.remove(`${PODS}/open`),
    ].map(({ status }) => status);
    const scheduler = of('carbon-aware-scheduler');

    expect(statuses).toEqual([403, 403, 403, 403]);
    expect((await scheduler.patch(`${PODS}/open/status`, 'strategic-merge-patch+json', conditions)).status).toBe(200);
  });

  it('are shut by the guard, too, where an account is given the right by mistake', async () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'too-much' } };
    const rules = [{ apiGroups: ['', 'batch'], resources: SUBRESOURCES, verbs: ['patch', 'update'] }];
    await created('/apis/rbac.authorization.k8s.io/v1/clusterroles', { ...role, rules });
    await created('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'too-much' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'too-much' },
      subjects: [{ kind: 'ServiceAccount', name: 'carbon-extender-watchdog', namespace: 'carbon-extender' }],
    });
    const watchdog = of('carbon-extender-watchdog');
    // An account that has no right to it is refused before any policy looks.
    await eventually(
      () => watchdog.patch(`${JOBS}/open/status?dryRun=All`, 'merge-patch+json', ended),
      ({ body }) => !/cannot patch resource/.test(body.message),
    );
    const allowed: string[] = [];
    for (const [what, tried] of DOORS) {
      const { status, body } = await tried(watchdog);
      if (status !== 422 || !body.message.includes('carbon-extender may'))
        allowed.push(`${what}: ${status} ${body.message}`);
    }

    expect(allowed).toEqual([]);
  });

  it('hold pods and Jobs with generated names, and pods that a client sends as protobuf', async () => {
    const pod = { metadata: { generateName: 'many-', annotations: WAIT }, spec: { containers: CONTAINERS } };
    const template = { metadata: { annotations: WAIT }, spec: { restartPolicy: 'Never', containers: CONTAINERS } };

    const named = await admin.post(PODS, pod);
    const job = await admin.post(JOBS, { metadata: { generateName: 'many-' }, spec: { template } });
    const sent = await postProtobuf(
      podInProtobuf({ generateName: 'proto-', annotations: WAIT, image: 'none.example/app:1' }),
    );

    expect([named.status, job.status, sent.status], JSON.stringify(sent.body)).toEqual([201, 201, 201]);
    expect(named.body.spec.schedulingGates).toEqual(GATES);
    expect(sent.body.metadata.name).toMatch(/^proto-.{5}$/);
    expect(sent.body.spec.schedulingGates).toEqual(GATES);
    // A Job is not suspended by a policy: its pods wait.
    expect(job.body.spec.suspend).toBe(false);
  });

  function of(name: string): Api {
    const api = accounts.get(name);
    if (!api) throw new Error(`no account ${name}`);
    return api;
  }

  async function postProtobuf(body: Buffer): Promise<Answer> {
    const response = await request(plane.server + PODS, {
      method: 'POST',
      dispatcher: new Agent({ connect: { ca: plane.ca } }),
      headers: {
        authorization: `Bearer ${plane.token}`,
        accept: 'application/json',
        'content-type': 'application/vnd.kubernetes.protobuf',
      },
      body,
    });
    return { status: response.statusCode, body: await response.body.json() };
  }

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await admin.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }
});

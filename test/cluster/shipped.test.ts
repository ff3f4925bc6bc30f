// Flow: the shipped manifests on a real API server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeObject, recorded } from '../k8s/objects.ts';
import { eventually } from '../started-process.ts';
import { type Api, apiOf, applyAll, podFor, readyNode, tokenOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { NODES, type ShippedPod, shippedConfiguration, startShippedPod } from './shipped-pod.ts';

const assets = clusterAssets();
const NAMESPACE = 'carbon-extender';
// What a 1.36 serves only when it is switched on, or with custom resources.
const CUSTOM = /^(monitoring\.coreos\.com|keda\.sh|bitnami\.com)\/|^admissionregistration\.k8s\.io\/v1beta1$/;
const { variants } = recorded();

describe.skipIf(assets === undefined)('the shipped manifests on a real API server', () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let plane: ControlPlane;
  let admin: Api;
  let account: Api;
  let pod: ShippedPod;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shipped-'));
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    admin = apiOf(plane);
    expect(await applyAll(admin, variants['from-1.36'] ?? [])).toEqual([]);
    for (const [name, zone] of NODES)
      expect((await admin.post('/api/v1/nodes', readyNode(name, zone))).status).toBe(201);
    pod = await startShippedPod(stack, {
      assets: assets ?? '',
      folder,
      plane,
      variant: 'from-1.36',
      configuration: shippedConfiguration('from-1.36', 'prioritize-only.yaml'),
    });
    account = apiOf(plane, pod.token);
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are accepted as they stand, every variant of them', async () => {
    for (const [variant, objects] of Object.entries(variants)) {
      const own = objects.filter(
        ({ apiVersion, metadata }) => !CUSTOM.test(apiVersion) && metadata.namespace !== 'kepler',
      );

      // Under names of their own, because a Deployment's selector cannot change.
      const apart = own.map((object) =>
        object.kind === 'Namespace'
          ? object
          : { ...object, metadata: { ...object.metadata, name: `dry-${object.metadata.name}` } },
      );

      expect(await applyAll(admin, apart, { dryRun: true }), variant).toEqual([]);
    }
  });

  it('place pods on the cleanest node, under the shipped configuration, account and rights', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `placed-${n}`);
    for (const name of names)
      expect((await admin.post('/api/v1/namespaces/default/pods', podFor(name))).status).toBe(201);

    const nodes = await Promise.all(names.map((name) => placed(name)));

    expect(nodes).toEqual(names.map(() => 'node-fr'));
    expect(pod.schedulerLog()).not.toMatch(/forbidden/i);
  });

  it('let the extender watch what it needs and tell why a pod stands where it stands', async () => {
    const events = await eventually(
      () => admin.get('/api/v1/namespaces/default/events'),
      ({ body }) => JSON.stringify(body.items).includes('42 g/kWh'),
    );

    expect(events.status).toBe(200);
    expect(JSON.stringify(pod.extenderLog)).not.toMatch(/forbidden/i);
  });

  it('let one scheduler lead by its own Lease', async () => {
    const lease = await admin.get(`/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/carbon-aware-scheduler`);

    expect(lease.body.spec.holderIdentity).toMatch(/./);
  });

  it('gate a pod that asks to wait, and place it when the gate goes', async () => {
    const created = await admin.post(
      '/api/v1/namespaces/default/pods',
      podFor('waits', { 'carbon-extender.io/max-delay': '6h' }),
    );
    const skipped = await admin.post(
      '/api/v1/namespaces/default/pods',
      podFor('skips', { 'carbon-extender.io/max-delay': '6h', 'carbon-extender.io/skip': 'true' }),
    );

    expect(created.body.spec.schedulingGates).toEqual([{ name: 'carbon-extender.io/wait' }]);
    expect(skipped.body.spec.schedulingGates).toBeUndefined();
    await placed('skips');
    const released = await account.patch('/api/v1/namespaces/default/pods/waits', 'merge-patch+json', {
      metadata: { annotations: { 'carbon-extender.io/planned-start': '2026-01-01T00:00:00Z' } },
      spec: { schedulingGates: [] },
    });

    expect(released.status).toBe(200);
    expect(await placed('waits')).toBe('node-fr');
  });

  it('gate by the defaults of a namespace, but neither in our own nor for pods with a node', async () => {
    const annotations = { 'carbon-extender.io/max-delay': '2h' };
    await admin.post('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'batch', annotations },
    });
    const inNamespace = (name: string, namespace: string, spec: object = {}) => {
      const pod = podFor(name, namespace === 'batch' ? {} : annotations) as KubeObject;
      return admin.post(`/api/v1/namespaces/${namespace}/pods`, {
        ...pod,
        metadata: { ...pod.metadata, namespace },
        spec: { ...pod.spec, ...spec },
      });
    };

    const waiting = await eventually(
      async () => (await inNamespace(`a-${Date.now()}`, 'batch')).body.spec.schedulingGates ?? [],
      (gates) => gates.length > 0,
    );
    const fixed = await inNamespace('fixed', 'batch', { nodeName: 'node-de' });
    const system = await inNamespace('system', 'kube-system');

    expect(waiting).toEqual([{ name: 'carbon-extender.io/wait' }]);
    expect(fixed.body.spec.schedulingGates).toBeUndefined();
    expect(system.body.spec.schedulingGates).toBeUndefined();
  });

  it('let our account change gates and its own annotations only', async () => {
    const pod = '/api/v1/namespaces/default/pods/guarded';
    await admin.post('/api/v1/namespaces/default/pods', podFor('guarded', { theirs: 'kept' }));
    const tries = [
      { metadata: { annotations: { theirs: 'changed' } } },
      { metadata: { annotations: { theirs: null } } },
      { metadata: { labels: { added: 'yes' } } },
      { metadata: { finalizers: ['example.com/stuck'] } },
    ];
    const image = [{ op: 'replace', path: '/spec/containers/0/image', value: 'evil.example/app:1' }];

    for (const change of tries)
      expect((await account.patch(pod, 'merge-patch+json', change)).body.message).toMatch(/carbon-extender-guard/);
    expect((await account.patch(pod, 'json-patch+json', image)).body.message).toMatch(/carbon-extender-guard/);
    expect((await admin.patch(pod, 'merge-patch+json', tries[0])).status).toBe(200);
  });

  it('give the accounts no right that they have no use for', async () => {
    const watchdog = apiOf(plane, await tokenOf(admin, NAMESPACE, 'carbon-extender-watchdog'));
    const ingest = apiOf(plane, await tokenOf(admin, NAMESPACE, 'carbon-extender-ingest'));

    for (const api of [account, watchdog, ingest]) {
      expect((await api.get('/api/v1/secrets')).status).toBe(403);
      expect((await api.get('/apis/rbac.authorization.k8s.io/v1/clusterroles')).status).toBe(403);
    }
    expect((await watchdog.get('/api/v1/pods?limit=1')).status).toBe(200);
    expect((await watchdog.get('/api/v1/nodes')).status).toBe(403);
    expect((await ingest.get('/api/v1/pods')).status).toBe(403);
  });

  it('hold the namespace to the restricted Pod Security Standard', async () => {
    const pod = podFor('root') as KubeObject;
    const refused = await admin.post(`/api/v1/namespaces/${NAMESPACE}/pods`, {
      ...pod,
      metadata: { ...pod.metadata, namespace: NAMESPACE },
    });

    expect(refused.status).toBe(403);
    expect(refused.body.message).toMatch(/restricted/);
  });

  async function placed(name: string): Promise<string> {
    const pod = await eventually(
      () => admin.get(`/api/v1/namespaces/default/pods/${name}`),
      ({ body }) => body.spec?.nodeName !== undefined,
    );
    return pod.body.spec.nodeName;
  }
});

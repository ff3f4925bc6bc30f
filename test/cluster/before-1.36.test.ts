// Flow: the manifests for clusters without admission policies, and the webhook of the extender, on an API server that behaves
// like 1.33.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheText } from '../extender/cache/cache-file.ts';
import { recorded } from '../k8s/objects.ts';
import { eventually, type StartedProcess, startProcess } from '../started-process.ts';
import { type Api, apiOf, applyAll, podFor, readyNode, tokenOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './credentials.ts';
import { installKueueResources, kueueAssets } from './real-kueue.ts';

const assets = clusterAssets();
const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/carbon-extender-gate';
const MAY_WAIT = { 'carbon-extender.io/max-delay': '6h' };
const QUEUE = 'kueue.x-k8s.io/queue-name';
const GATED_BY = 'kueue.x-k8s.io/admission-gated-by';
const GATED = [{ name: 'carbon-extender.io/wait' }];

describe.skipIf(assets === undefined)('Kubernetes 1.33', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'before-'));
  let plane: ControlPlane;
  let admin: Api;
  let kubeconfig: string;

  beforeAll(async () => {
    const dir = join(folder, 'plane');
    plane = stack.use(await startControlPlane({ assets: assets ?? '', dir, emulatedVersion: '1.33' }));
    admin = apiOf(plane);
    await admin.post('/api/v1/nodes', readyNode('node-fr', 'FR'));
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is what the API server says that it is, and serves no admission policies that mutate', async () => {
    const { body } = await admin.get('/version');
    const group = await admin.get('/apis/admissionregistration.k8s.io/v1');

    expect(body.emulationMinor ?? body.minor).toBe('33');
    expect(JSON.stringify(group.body)).not.toContain('mutatingadmissionpolicies');
  });

  it('accepts every object of the base, of the overlay, and of the chart', async () => {
    const [base = [], overlay = [], chart = []] = ['base', 'before-1.36', 'chart-on-1.33'].map(
      (variant) => recorded().variants[variant],
    );
    // Under names of their own, because a Deployment's selector cannot change.
    const apart = chart.map((object) => ({
      ...object,
      metadata: { ...object.metadata, name: `dry-${object.metadata.name}` },
    }));

    expect(Math.min(base.length, overlay.length, chart.length)).toBeGreaterThan(25);
    expect(await applyAll(admin, base)).toEqual([]);
    expect(await applyAll(admin, overlay)).toEqual([]);
    expect(await applyAll(admin, apart, { dryRun: true })).toEqual([]);
  });

  it('starts work at once while nothing gates it, and says so', async () => {
    await admin.remove(CONFIGURATION);
    await using extender = await start({ ADMISSION: 'off' });
    const port = Number((await extender.logged('extender started')).port);

    const readyz = await eventually(
      () => fetch(`http://127.0.0.1:${port}/readyz`).then((response) => response.text()),
      (text) => text.includes('no gate on this cluster'),
    );
    await created('ungated', MAY_WAIT);
    await admin.post('/api/v1/namespaces/default/pods/ungated/binding', {
      ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'ungated' } },
      target: { kind: 'Node', name: 'node-fr' },
    });
    const events = await eventually(
      () => admin.get('/api/v1/namespaces/default/events'),
      ({ body }) => JSON.stringify(body).includes('NotGated'),
    );

    expect(readyz).toContain('"status":"ready"');
    expect(JSON.stringify(events.body)).toContain('started at once');
  });

  it('gates work by the webhook under the rights of the manifests, and not while the extender is away', async () => {
    const objects = recorded().variants['before-1.36'] ?? [];
    const webhook = objects.filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
    expect(webhook).toHaveLength(1);
    expect(await applyAll(admin, webhook)).toEqual([]);
    const extender = await start({ ADMISSION: 'on', ADMISSION_PORT: '0' });
    const { port } = await extender.logged('the admission webhook serves with a new certificate');
    await reachable(Number(port));

    const gated = await eventually(
      async () => created(`gated-${tries++}`, MAY_WAIT),
      ({ spec }) => spec.schedulingGates !== undefined,
    );
    const plain = await created('plain', {});
    await extender[Symbol.asyncDispose]();
    const away = await created('away', MAY_WAIT);

    expect(gated.spec.schedulingGates).toEqual(GATED);
    expect(plain.spec.schedulingGates).toBeUndefined();
    expect(away.spec.schedulingGates).toBeUndefined();
    expect(JSON.stringify(extender.log)).not.toMatch(/forbidden/i);
  });

  it.skipIf(kueueAssets(assets) === undefined)(
    'holds queued work back by its own annotation, its LocalQueue’s or its namespace’s, and a queued pod likewise',
    async () => {
      await installKueueResources(assets ?? '', plane);
      const patient = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'patient', annotations: MAY_WAIT } };
      const queue = { apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'LocalQueue', spec: { clusterQueue: 'any' } };
      const calm = { ...queue, metadata: { name: 'calm', namespace: 'default', annotations: MAY_WAIT } };
      expect(await applyAll(admin, [patient, calm] as never)).toEqual([]);
      await using extender = await start({ ADMISSION: 'on', ADMISSION_PORT: '0' });
      const { port } = await extender.logged('the admission webhook serves with a new certificate');
      await reachable(Number(port));

      const ofQueue = await eventually(
        () => queuedJob('default', `of-queue-${tries++}`, 'calm'),
        (gates) => gates !== undefined,
      );
      const own = await queuedJob('default', 'own', 'hasty', MAY_WAIT);
      const ofNamespace = await queuedJob('patient', 'of-namespace', 'hasty');
      const hasty = await queuedJob('default', 'hasty', 'hasty');
      const single = podFor('single', MAY_WAIT) as { metadata: object };
      const labelled = { ...single, metadata: { ...single.metadata, labels: { [QUEUE]: 'hasty' } } };
      const { body } = await admin.post('/api/v1/namespaces/default/pods', labelled);

      expect([ofQueue, own, ofNamespace, hasty]).toEqual([...new Array(3).fill('carbon-extender.io/wait'), undefined]);
      expect(body.metadata.annotations[GATED_BY]).toBe('carbon-extender.io/wait');
      expect(body.spec.schedulingGates).toBeUndefined();
      expect(JSON.stringify(extender.log)).not.toMatch(/forbidden/i);
    },
  );

  /** The admission gates of a new queued Job. */
  async function queuedJob(namespace: string, name: string, queue: string, annotations: Record<string, string> = {}) {
    const container = { name: 'main', image: 'none.example/image' };
    const { status, body } = await admin.post(`/apis/batch/v1/namespaces/${namespace}/jobs`, {
      ...{ apiVersion: 'batch/v1', kind: 'Job' },
      metadata: { name, labels: { [QUEUE]: queue }, annotations },
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return body.metadata.annotations?.[GATED_BY] as string | undefined;
  }

  let tries = 0;

  /** There is no network of Services here: the API server follows an ExternalName to the loopback, and checks the Service's name. */
  async function reachable(port: number): Promise<void> {
    const services = '/api/v1/namespaces/carbon-extender/services';
    await admin.remove(`${services}/carbon-extender-gate`);
    await admin.post(services, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'carbon-extender-gate' } },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    });
    const { body } = await admin.get(CONFIGURATION);
    const webhooks = (body.webhooks as { name: string }[]).map(({ name }) => ({
      ...{ name, clientConfig: { service: { name: 'carbon-extender-gate', namespace: 'carbon-extender', port } } },
    }));
    const patched = await admin.patch(CONFIGURATION, 'strategic-merge-patch+json', { webhooks });
    expect(patched.status, JSON.stringify(patched.body)).toBe(200);
  }

  async function start(settings: Record<string, string>): Promise<StartedProcess> {
    const cache = join(folder, 'carbon_cache.json');
    writeFileSync(cache, cacheText({ FR: 40 }, { at: Date.now(), ttlMinutes: 60 }));
    const token = await tokenOf(admin, 'carbon-extender', 'carbon-aware-scheduler');
    kubeconfig = join(folder, 'kubeconfig');
    await writeKubeconfig(kubeconfig, plane.server, { ca: plane.ca, token });
    return startProcess('extender', {
      ...{
        CACHE_FILE: cache,
        DATA_DIR: join(folder, 'data'),
        KUBECONFIG: kubeconfig,
        LOG_LEVEL: 'info',
        DEFERRAL: 'on',
      },
      ...{ EXTENDER_PORT: '0', API_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_HOST: '127.0.0.1', ...settings },
    });
  }

  async function created(name: string, annotations: Record<string, string>) {
    const pod = await admin.post('/api/v1/namespaces/default/pods', podFor(name, annotations));
    expect(pod.status, JSON.stringify(pod.body)).toBe(201);
    return pod.body;
  }
});

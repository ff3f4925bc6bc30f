// Flow: Jobs and CronJobs of a real kube-controller-manager, which makes and replaces their pods, with the shipped policies,
// account and rights.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import { gridText } from '../extender/deferral/grid-document.ts';
import { recorded } from '../k8s/objects.ts';
import { eventually, startProcess } from '../started-process.ts';
import { type Answer, type Api, apiOf, applyAll, readyNode, tokenOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { startControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './credentials.ts';
import { controllerManagerAssets, startControllerManager } from './real-controller-manager.ts';

const assets = controllerManagerAssets(clusterAssets());
const PODS = '/api/v1/namespaces/default/pods';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const PREFIX = 'carbon-extender.io/';
const WAIT = { [`${PREFIX}max-delay`]: '8h', [`${PREFIX}duration`]: '30m' };

describe.skipIf(assets === undefined)('with a real kube-controller-manager', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'jobs-'));
  const dir = join(folder, 'plane');
  let api: Api;

  beforeAll(async () => {
    const plane = stack.use(await startControlPlane({ assets: assets ?? '', dir }));
    api = apiOf(plane);
    expect(await applyAll(api, recorded().variants['from-1.36'] ?? [])).toEqual([]);
    expect((await api.post('/api/v1/nodes', readyNode('node-de', 'DE'))).status).toBe(201);
    const cache = join(folder, 'carbon_cache.json');
    const cleanInTwoHours = Array.from({ length: 24 }, (_, hour) => (hour === 2 ? 100 : 500));
    writeFileSync(cache, gridText({ DE: cleanInTwoHours }, Date.now(), 60));
    const kubeconfig = join(folder, 'kubeconfig');
    const token = await tokenOf(api, 'carbon-extender', 'carbon-aware-scheduler');
    await writeKubeconfig(kubeconfig, plane.server, { ca: plane.ca, token });
    const extender = stack.use(
      startProcess('extender', {
        ...{ EXTENDER_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_PORT: '0', API_HOST: '127.0.0.1' },
        ...{ DEFERRAL: 'on', DEFERRAL_PERIOD_SECONDS: '0.5', DEFAULT_ZONE: 'DE', KUBECONFIG: kubeconfig },
        ...{ CACHE_FILE: cache, DATA_DIR: folder },
      }),
    );
    await extender.logged('extender started');
    stack.use(await startControllerManager(assets ?? '', dir, plane));
    // Policies take effect a moment after they were accepted.
    const probe = { apiVersion: 'v1', kind: 'Pod', ...podTemplate(WAIT) };
    await eventually(
      () => api.post(`${PODS}?dryRun=All`, { ...probe, metadata: { name: 'probe', annotations: WAIT } }),
      ({ body }) => body.spec?.schedulingGates !== undefined,
    );
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a Job has one delay: a retry and the next completion start at once, though the clean hour is still to come', async () => {
    const template = podTemplate(WAIT);
    await created(JOBS, job('report', { completions: 2, parallelism: 1, backoffLimit: 3, template }));
    const [first = ''] = await podsOf('report', 1);
    const planned = await annotated(first, 'planned-start');
    expect(planned.body.spec.schedulingGates).toEqual([{ name: `${PREFIX}wait` }]);

    await patchAnnotations(first, {
      [`${PREFIX}planned-start`]: isoTime(Date.now() - HOUR_MS),
      [`${PREFIX}skip`]: 'true',
    });
    await annotated(first, 'released-because');
    await ended(first, 'Failed');
    const [retry = ''] = (await podsOf('report', 2)).filter((name) => name !== first);
    const retried = await annotated(retry, 'released-because');
    await ended(retry, 'Succeeded');
    const [next = ''] = (await podsOf('report', 3)).filter((name) => name !== first && name !== retry);
    const continued = await annotated(next, 'released-because');

    expect([retried, continued].map(({ body }) => body.metadata.annotations[`${PREFIX}released-because`])).toEqual([
      'already-started',
      'already-started',
    ]);
    expect([retried, continued].map(({ body }) => body.spec.schedulingGates)).toEqual([undefined, undefined]);
  });

  it('a suspended Job has no pods until it is resumed, and is not gated once more', async () => {
    const template = podTemplate({});
    await created(JOBS, { ...job('nightly', { suspend: true, template }, WAIT) });
    await eventually(
      () => api.get(`${JOBS}/nightly`),
      ({ body }) => body.metadata.annotations[`${PREFIX}planned-start`] !== undefined,
    );
    expect(await names('nightly')).toEqual([]);

    const skip = { metadata: { annotations: { [`${PREFIX}skip`]: 'true' } } };
    await api.patch(`${JOBS}/nightly`, 'merge-patch+json', skip);

    const [pod = ''] = await podsOf('nightly', 1);
    expect((await api.get(`${PODS}/${pod}`)).body.spec.schedulingGates).toBeUndefined();
  });

  it('each run of a CronJob with a window waits from its own creation', async () => {
    await created('/apis/batch/v1/namespaces/default/cronjobs', {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
      metadata: { name: 'minutely', annotations: { [`${PREFIX}window`]: '6h', [`${PREFIX}duration`]: '30m' } },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template: podTemplate({}) } } },
    });

    const [pod = ''] = await podsOf('minutely', 1);
    const { body } = await annotated(pod, 'planned-start');

    expect(body.metadata.ownerReferences[0].kind).toBe('Job');
    expect(body.spec.schedulingGates).toEqual([{ name: `${PREFIX}wait` }]);
    expect(Date.parse(body.metadata.annotations[`${PREFIX}planned-start`])).toBeGreaterThan(Date.now());
  }, 180_000);

  it('the shipped watchdog starts again although its pod before hangs on a lost node', async () => {
    const shipped = recorded().variants['from-1.36']?.find(
      ({ kind, metadata }) => kind === 'CronJob' && metadata.name.endsWith('watchdog'),
    );
    const spec = { ...(shipped?.spec as object), schedule: '* * * * *' };
    await created('/apis/batch/v1/namespaces/default/cronjobs', {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'hanging' }, spec },
    });

    // No kubelet runs the pods: none of them ever ends.
    const found = await podsOf('hanging', 2);

    expect(found.length).toBeGreaterThan(1);
  }, 240_000);

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await api.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }

  /** Names of the pods that belong to a Job, or to the Jobs of a CronJob. */
  async function names(owner: string): Promise<string[]> {
    const { body } = await api.get(PODS);
    const pods = body.items as { metadata: { name: string } }[];
    return pods.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(`${owner}-`));
  }

  const podsOf = (owner: string, count: number) =>
    eventually(
      () => names(owner),
      (found) => found.length >= count,
    );

  const annotated = (pod: string, annotation: string): Promise<Answer> =>
    eventually(
      () => api.get(`${PODS}/${pod}`),
      ({ body }) => body.metadata.annotations?.[`${PREFIX}${annotation}`] !== undefined,
    );

  const patchAnnotations = (pod: string, annotations: Record<string, string>) =>
    api.patch(`${PODS}/${pod}`, 'merge-patch+json', { metadata: { annotations } });

  /** What a scheduler and a kubelet do with a pod that ends. */
  async function ended(pod: string, phase: 'Failed' | 'Succeeded'): Promise<void> {
    await created(`${PODS}/${pod}/binding`, {
      ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name: pod } },
      target: { kind: 'Node', name: 'node-de' },
    });
    const { status, body } = await api.patch(`${PODS}/${pod}/status`, 'merge-patch+json', { status: { phase } });
    expect(status, JSON.stringify(body)).toBe(200);
  }
});

function podTemplate(annotations: Record<string, string>): object {
  const containers = [{ name: 'main', image: 'none.example/app:1' }];
  return { metadata: { annotations }, spec: { restartPolicy: 'Never', containers } };
}

function job(name: string, spec: object, annotations: Record<string, string> = {}): object {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, annotations }, spec };
}

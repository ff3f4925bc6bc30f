// Flow: on a real API server the controller plans only what can happen, leaves others' work alone, follows modes, and another
// replica takes over in time. The first replica has its token in a file of its kubeconfig.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitingJob } from '../../extender/deferral/waiting-job.ts';
import { hourOf, isoTime } from '../../shared/grid/units.ts';
import { gridText } from '../extender/deferral/grid-document.ts';
import { eventually, type StartedProcess, startProcess } from '../started-process.ts';
import { type Api, apiOf, readyNode } from './api.ts';
import { clusterAssets } from './assets.ts';
import { startControlPlane } from './control-plane.ts';

const assets = clusterAssets();
const PREFIX = 'carbon-extender.io/';
const GATES = [{ name: `${PREFIX}wait` }];
const WAIT = { [`${PREFIX}max-delay`]: '8h', [`${PREFIX}duration`]: '30m' };
const SKIP = { [`${PREFIX}skip`]: 'true' };
const RESOURCES = { requests: { cpu: '100m', memory: '128Mi' } };
const CONTAINERS = [{ name: 'main', image: 'none.example/app:1', resources: RESOURCES }];
/** FR is cleanest three hours on (100 of 500), DE six hours on (300 of 600). */
const GRID = {
  FR: Array.from({ length: 24 }, (_, hour) => (hour === 3 ? 100 : 500)),
  DE: Array.from({ length: 24 }, (_, hour) => (hour === 6 ? 300 : 600)),
};

describe.skipIf(assets === undefined)('a good citizen of a real cluster', () => {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'citizen-'));
  const startedAt = Date.now();
  let api: Api;
  let token: string;
  let kubeconfig: string;
  let first: StartedProcess;

  beforeAll(async () => {
    const plane = stack.use(await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }));
    ({ token, kubeconfig } = plane);
    api = apiOf(plane);
    for (const name of ['carbon-extender', 'advised', 'switched-off']) {
      const mode = { advised: 'advise', 'switched-off': 'off' }[name];
      const annotations = mode === undefined ? {} : { [`${PREFIX}mode`]: mode };
      await created('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } });
    }
    for (const [name, zone] of [
      ['node-fr', 'FR'],
      ['node-de', 'DE'],
    ] as const)
      await created('/api/v1/nodes', readyNode(name, zone));
    writeFileSync(join(folder, 'carbon_cache.json'), gridText(GRID, startedAt, 600));
    first = start('first', withTokenFile());
    await first.logged('became leader of the deferral controller');
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads the token of its kubeconfig from a file, and says where it has none', async () => {
    const config = kubeconfigWithout();
    await using anonymous = startProcess('extender', {
      ...environment('anonymous'),
      KUBECONFIG: config,
      DEFERRAL: 'off',
    });
    const { port } = await anonymous.logged('extender started');

    const details = await eventually(
      () => fetch(`http://127.0.0.1:${port}/readyz`).then((response) => response.text()),
      (text) => text.includes('the watch of /api/v1/nodes is not running'),
    );

    expect(details).toContain('the nodes of the cluster have not been listed');
    expect(anonymous.log.some(({ code }) => code === 'KUBERNETES_ANONYMOUS')).toBe(true);
    const served = await fetch(`http://127.0.0.1:${(await first.logged('extender started')).port}/readyz`);
    expect(await served.text()).not.toContain('is not running');
  });

  it('plans in the zones of the nodes that a pod can use, with the saving that they give', async () => {
    const ours = { schedulerName: 'carbon-aware-scheduler' };
    const selector = { nodeSelector: { 'kubernetes.io/hostname': 'node-de' } };
    const expression = { key: `${PREFIX}zone`, operator: 'NotIn', values: ['FR'] };
    const required = { nodeSelectorTerms: [{ matchExpressions: [expression] }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    await pod('free', ours);
    await pod('pinned', { ...ours, ...selector });
    await pod('kept-out', { ...ours, affinity });
    await pod('of-others', {});

    const [free, pinned, keptOut, others] = await Promise.all(['free', 'pinned', 'kept-out', 'of-others'].map(planOf));

    expect(free).toEqual([hour(3), 'FR', '80.0%']);
    expect([pinned, keptOut]).toEqual(new Array(2).fill([hour(6), 'DE', '50.0%']));
    // The mean of both: 550 now, 350 three hours on.
    expect(others).toEqual([hour(3), 'any', '36.4%']);
    await api.patch('/api/v1/nodes/node-fr', 'merge-patch+json', { spec: { unschedulable: true } });
    await pod('cordoned', ours);
    expect(await planOf('cordoned')).toEqual([hour(6), 'DE', '50.0%']);
    await api.patch('/api/v1/nodes/node-fr', 'merge-patch+json', { spec: { unschedulable: false } });
  });

  it('resumes no Job that another controller owns, that a queue has, or that somebody suspended later', async () => {
    const controller = {
      apiVersion: 'jobset.x-k8s.io/v1alpha2',
      kind: 'JobSet',
      name: 'set',
      uid: 'u',
      controller: true,
    };
    await job('of-a-jobset', { ownerReferences: [controller] }, { suspend: true });
    await job('queued', { labels: { 'kueue.x-k8s.io/queue-name': 'team' } }, { suspend: true });
    await job('suspended-later', {}, {});
    await api.patch(`${jobs()}/suspended-later`, 'merge-patch+json', { spec: { suspend: true } });
    await job('ours', {}, { suspend: true });

    const resumed = await eventually(
      () => api.get(`${jobs()}/ours`),
      ({ body }) => body.spec.suspend === false,
    );

    expect(resumed.body.metadata.annotations[`${PREFIX}released-because`]).toBe('skip');
    for (const name of ['of-a-jobset', 'queued', 'suspended-later']) {
      const { body } = await api.get(`${jobs()}/${name}`);
      expect([body.spec.suspend, body.metadata.annotations], name).toEqual([true, { ...WAIT, ...SKIP }]);
    }
  });

  it('knows by what the API server keeps of each field that somebody suspended a Job later, though it never saw it run', async () => {
    // Without a delay of their own no replica touches them.
    const path = (name: string) => `${jobs()}/${name}`;
    await job('made-suspended', { annotations: {} }, { suspend: true });
    await job('suspended-since', { annotations: {} }, {});
    // The time of a change has whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const as = '?fieldManager=administrator';
    await api.patch(path('made-suspended') + as, 'merge-patch+json', { spec: { parallelism: 2 } });
    await api.patch(path('suspended-since') + as, 'merge-patch+json', { spec: { suspend: true } });

    const [made, since] = await Promise.all(
      ['made-suspended', 'suspended-since'].map(async (name) => (await api.get(path(name))).body),
    );

    expect([made.spec.suspend, since.spec.suspend, made.metadata.generation, since.metadata.generation]).toEqual([
      ...[true, true, 2, 2],
    ]);
    const waits = [made, since].map((body) =>
      waitingJob({ ...body, metadata: { ...body.metadata, annotations: { ...WAIT } } }),
    );
    expect(waits.map((work) => work?.name)).toEqual(['made-suspended', undefined]);
  });

  it('holds nothing in a namespace whose mode is advise or off', async () => {
    for (const namespace of ['advised', 'switched-off']) await pod('may-wait', {}, namespace);

    for (const namespace of ['advised', 'switched-off'])
      await eventually(
        () => api.get(`${pods(namespace)}/may-wait`),
        ({ body }) => body.spec.schedulingGates === undefined,
      );
  });

  it('has another replica take over within 20 seconds when the leader is killed', async () => {
    const second = start('second', kubeconfig);
    await second.logged('extender started');
    expect(second.log.some(({ msg }) => msg === 'became leader of the deferral controller')).toBe(false);

    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const killed = performance.now();
    await pod('afterwards', { schedulerName: 'carbon-aware-scheduler' });
    const plan = await planOf('afterwards');
    const took = performance.now() - killed;

    console.log(`a new plan ${(took / 1_000).toFixed(1)} s after the leader was killed`);
    expect(plan).toEqual([hour(3), 'FR', '80.0%']);
    expect(took).toBeLessThan(20_000);
  });

  function environment(name: string): Record<string, string> {
    return {
      ...{ EXTENDER_PORT: '0', EXTENDER_HOST: '127.0.0.1', API_PORT: '0', API_HOST: '127.0.0.1' },
      ...{ CACHE_FILE: join(folder, 'carbon_cache.json'), DATA_DIR: join(folder, name), NODE_WATCH: 'on' },
    };
  }

  /** With the shipped period. */
  function start(name: string, config: string): StartedProcess {
    return stack.use(startProcess('extender', { ...environment(name), KUBECONFIG: config, DEFERRAL: 'on' }));
  }

  function withTokenFile(): string {
    writeFileSync(join(folder, 'token'), token);
    return kubeconfigOf('token-file', { tokenFile: join(folder, 'token') });
  }

  function kubeconfigWithout(): string {
    return kubeconfigOf('anonymous', {});
  }

  function kubeconfigOf(name: string, user: object): string {
    const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
    const file = join(folder, `${name}.kubeconfig`);
    writeFileSync(file, JSON.stringify({ ...config, users: [{ name: 'admin', user }] }));
    return file;
  }

  const pods = (namespace = 'default') => `/api/v1/namespaces/${namespace}/pods`;
  const jobs = () => '/apis/batch/v1/namespaces/default/jobs';
  const hour = (ahead: number) => isoTime((hourOf(startedAt) + ahead * 3_600_000) as typeof startedAt);

  async function pod(name: string, spec: object, namespace = 'default'): Promise<void> {
    await created(pods(namespace), {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations: WAIT } },
      spec: { schedulingGates: GATES, containers: CONTAINERS, ...spec },
    });
  }

  async function job(name: string, metadata: object, spec: object): Promise<void> {
    await created(jobs(), {
      ...{ apiVersion: 'batch/v1', kind: 'Job' },
      metadata: { name, annotations: { ...WAIT, ...SKIP }, ...metadata },
      spec: { ...spec, template: { spec: { restartPolicy: 'Never', containers: CONTAINERS } } },
    });
  }

  async function planOf(name: string) {
    const { body } = await eventually(
      () => api.get(`${pods()}/${name}`),
      (answer) => answer.body.metadata.annotations[`${PREFIX}planned-start`] !== undefined,
    );
    return ['planned-start', 'planned-zone', 'expected-saving'].map(
      (annotation) => body.metadata.annotations[`${PREFIX}${annotation}`] as string,
    );
  }

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await api.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }
});

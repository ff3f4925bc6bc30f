// Flow: the shipped admission policies on a real API server, field by field.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recorded } from '../k8s/objects.ts';
import { eventually } from '../started-process.ts';
import { type Api, apiOf, applyAll, tokenOf } from './api.ts';
import { clusterAssets } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const assets = clusterAssets();
const OURS = 'carbon-extender.io';
const WAIT = { [`${OURS}/max-delay`]: '8h', theirs: 'kept' };
const PODS = '/api/v1/namespaces/default/pods';
const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const ADMISSION_GATES = 'kueue.x-k8s.io/admission-gated-by';
const CONTAINERS = [{ name: 'main', image: 'none.example/app:1' }];
type Patch = readonly { readonly op: string; readonly path: string; readonly value?: unknown }[];
const add = (path: string, value: unknown): Patch => [{ op: 'add', path, value }];
const own = (name: string) => `/metadata/annotations/${OURS}~1${name}`;

/** A change of every field of a pod that an update may change, or that the API server would let through. */
const POD_FIELDS: readonly (readonly [string, Patch])[] = [
  ['labels', add('/metadata/labels', { added: 'yes' })],
  ['finalizers', add('/metadata/finalizers', ['example.com/stuck'])],
  ['a foreign annotation', add('/metadata/annotations/theirs', 'changed')],
  ['a foreign annotation away', [{ op: 'remove', path: '/metadata/annotations/theirs' }]],
  ['a preference of the pod', add(own('max-delay'), '1s')],
  ['skip', add(own('skip'), 'true')],
  ['the uid of an owner', add('/metadata/ownerReferences/0/uid', '00000000-0000-0000-0000-000000000000')],
  ['an owner more', add('/metadata/ownerReferences/-', ownerOf('Job', '1'))],
  ['no owner', [{ op: 'remove', path: '/metadata/ownerReferences' }]],
  ['image', add('/spec/containers/0/image', 'evil.example/app:1')],
  ['activeDeadlineSeconds', add('/spec/activeDeadlineSeconds', 1)],
  ['tolerations', add('/spec/tolerations/-', { key: 'gpu', operator: 'Exists' })],
  ['nodeSelector', add('/spec/nodeSelector', { disk: 'ssd' })],
  [
    'affinity',
    add('/spec/affinity', {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'nowhere', operator: 'Exists' }] }],
        },
      },
    }),
  ],
  ['terminationGracePeriodSeconds', add('/spec/terminationGracePeriodSeconds', 1)],
  ['another gate away', [{ op: 'remove', path: '/spec/schedulingGates/1' }]],
  ['all gates away', [{ op: 'remove', path: '/spec/schedulingGates' }]],
];

const JOB_FIELDS: readonly (readonly [string, Patch])[] = [
  ['labels', add('/metadata/labels/added', 'yes')],
  ['finalizers', add('/metadata/finalizers', ['example.com/stuck'])],
  ['the uid of an owner', add('/metadata/ownerReferences/0/uid', '00000000-0000-0000-0000-000000000000')],
  ['a foreign annotation', add('/metadata/annotations/theirs', 'changed')],
  ['interruptible', add(own('interruptible'), 'true')],
  ['activeDeadlineSeconds', add('/spec/activeDeadlineSeconds', 1)],
  ['ttlSecondsAfterFinished', add('/spec/ttlSecondsAfterFinished', 0)],
  ['backoffLimit', add('/spec/backoffLimit', 0)],
  ['parallelism', add('/spec/parallelism', 0)],
  ['completions', add('/spec/completions', 7)],
  ['the template', add('/spec/template/spec/nodeSelector', { disk: 'ssd' })],
  ['the template’s labels', add('/spec/template/metadata/labels/added', 'yes')],
];

describe.skipIf(assets === undefined)('with a token of ours', () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let admin: Api;
  let ours: Api;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guard-'));
    const plane: ControlPlane = stack.use(
      await startControlPlane({ assets: assets ?? '', dir: join(folder, 'plane') }),
    );
    admin = apiOf(plane);
    expect(await applyAll(admin, recorded().variants['from-1.36'] ?? [])).toEqual([]);
    ours = apiOf(plane, await tokenOf(admin, 'carbon-extender', 'carbon-extender-watchdog'));
    await admin.post(PODS, podObject('probe'));
    // Policies take effect a moment after they were created.
    await eventually(
      () => ours.patch(`${PODS}/probe?dryRun=All`, 'json-patch+json', add('/metadata/labels', { probe: 'x' })),
      ({ status }) => status === 422 || status === 403,
    );
  });

  afterAll(async () => {
    await stack.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['pod', PODS, POD_FIELDS, podObject('guarded')],
    ['Job', JOBS, JOB_FIELDS, jobObject('guarded', { suspend: true })],
  ] as const)('no field of a %s can be changed that anyone could change', async (_kind, path, fields, object) => {
    await created(path, object);
    const open: string[] = [];

    for (const [what, patch] of fields) {
      const { status, body } = await ours.patch(`${path}/guarded`, 'json-patch+json', patch);
      expect(status, what).toBe(422);
      if ((await admin.patch(`${path}/guarded?dryRun=All`, 'json-patch+json', patch)).status !== 200) continue;
      expect(body.message, what).toContain('carbon-extender may');
      open.push(what);
    }

    expect(open.length).toBeGreaterThan(8);
  });

  it('our own gate can be removed and our own plan written', async () => {
    await created(PODS, podObject('gated'));

    const plan = await ours.patch(`${PODS}/gated`, 'json-patch+json', add(own('planned-zone'), 'FR'));
    const removed = await ours.patch(`${PODS}/gated`, 'strategic-merge-patch+json', {
      metadata: { annotations: { [`${OURS}/released-because`]: 'due' } },
      spec: { schedulingGates: [{ $patch: 'delete', name: `${OURS}/wait` }] },
    });
    const back = await ours.patch(
      `${PODS}/gated`,
      'json-patch+json',
      add('/spec/schedulingGates/-', { name: `${OURS}/wait` }),
    );

    expect([plan.status, removed.status], JSON.stringify(removed.body)).toEqual([200, 200]);
    expect(removed.body.spec.schedulingGates).toEqual([{ name: 'example.org/other' }]);
    expect(back.status).toBe(422);
  });

  it('only a Job that waits for us can be resumed, and only one that may be paused suspended', async () => {
    const jobSet = { apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 'set', uid: '7', controller: true };
    const cronJob = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'cron', uid: '8', controller: true };
    const queue = { 'kueue.x-k8s.io/queue-name': 'team' };
    await created(JOBS, jobObject('waits', { suspend: true }, { ownerReferences: [cronJob] }));
    await created(JOBS, jobObject('of-a-set', { suspend: true }, { ownerReferences: [jobSet] }));
    await created(JOBS, jobObject('queued', { suspend: true }, { labels: queue, ownerReferences: undefined }));
    await created(
      JOBS,
      jobObject('silent', { suspend: true }, { annotations: { theirs: 'kept' }, ownerReferences: undefined }),
    );
    await created(JOBS, jobObject('runs', {}, { ownerReferences: undefined }));
    const pausable = { ...WAIT, [`${OURS}/interruptible`]: 'Yes' };
    await created(JOBS, jobObject('pausable', {}, { annotations: pausable, ownerReferences: undefined }));
    const suspend = async (name: string, value: boolean) =>
      (await ours.patch(`${JOBS}/${name}`, 'merge-patch+json', { spec: { suspend: value } })).status;

    expect(await suspend('waits', false)).toBe(200);
    expect([await suspend('of-a-set', false), await suspend('queued', false), await suspend('silent', false)]).toEqual([
      422, 422, 422,
    ]);
    expect(await suspend('runs', true)).toBe(422);
    expect([await suspend('pausable', true), await suspend('pausable', false)]).toEqual([200, 200]);
  });

  describe('the gate policies', () => {
    const gated = async (path: string, object: object) =>
      JSON.stringify((await admin.post(`${path}?dryRun=All`, object)).body).includes(`"${OURS}/wait"`);
    const pod = (metadata: object = {}, spec: object = {}) => ({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: 'new', annotations: WAIT, ...metadata },
      spec: { containers: CONTAINERS, ...spec },
    });

    it('gate pods that may wait, but none of another queue, and none where the mode is advise or off', async () => {
      for (const mode of ['advise', 'off'])
        await created('/api/v1/namespaces', namespaceObject(mode, { [`${OURS}/mode`]: mode }));
      const rayJob = { apiVersion: 'ray.io/v1', kind: 'RayJob', name: 'ray', uid: '1', controller: true };

      expect(await gated(PODS, pod())).toBe(true);
      expect(await gated(PODS, pod({ labels: { 'kueue.x-k8s.io/podset': 'main' } }))).toBe(false);
      expect(await gated(PODS, pod({ ownerReferences: [rayJob] }))).toBe(false);
      expect(await gated(PODS, pod({}, { schedulerName: 'volcano' }))).toBe(false);
      expect(await gated(PODS, pod({ labels: { 'scheduling.x-k8s.io/pod-group': 'gang' } }))).toBe(false);
      for (const mode of ['advise', 'off'])
        expect(await gated(`/api/v1/namespaces/${mode}/pods`, pod()), mode).toBe(false);
    });

    it('count a mode that is misspelt for nothing, and every word for yes', async () => {
      await created('/api/v1/namespaces', namespaceObject('misspelt', { [`${OURS}/mode`]: 'advize' }));
      const there = '/api/v1/namespaces/misspelt/pods';
      const defaults = '/api/v1/namespaces/carbon-extender/configmaps/carbon-extender-defaults';
      const { body } = await admin.get(defaults);

      expect(await gated(there, pod())).toBe(true);
      await admin.patch(defaults, 'merge-patch+json', { data: { PLACEMENT_MODE: 'advise' } });
      await eventually(async () => !(await gated(there, pod())), Boolean);
      await admin.patch(defaults, 'merge-patch+json', {
        data: { PLACEMENT_MODE: body.data?.PLACEMENT_MODE ?? null, DEFAULT_ANNOTATIONS: 'max-delay=6h; skip=Yes' },
      });
      await eventually(() => gated(there, pod({ annotations: { ...WAIT, [`${OURS}/skip`]: 'no' } })), Boolean);
      await eventually(async () => !(await gated(there, pod({ annotations: {} }))), Boolean);
      await admin.patch(defaults, 'merge-patch+json', { data: { DEFAULT_ANNOTATIONS: '' } });
      for (const word of ['true', 'True', 'yes', 'on', '1'])
        expect(await gated(there, pod({ annotations: { ...WAIT, [`${OURS}/skip`]: word } })), word).toBe(false);
    });

    it('gate by the defaults of the cluster', async () => {
      const defaults = '/api/v1/namespaces/carbon-extender/configmaps/carbon-extender-defaults';
      expect(await gated(PODS, pod({ annotations: {} }))).toBe(false);

      await admin.patch(defaults, 'merge-patch+json', { data: { DEFAULT_ANNOTATIONS: 'min-saving=2; max-delay=6h' } });

      await eventually(() => gated(PODS, pod({ annotations: {} })), Boolean);
      await admin.patch(defaults, 'merge-patch+json', { data: { DEFAULT_ANNOTATIONS: '' } });
      await eventually(async () => !(await gated(PODS, pod({ annotations: {} }))), Boolean);
    });

    it('hold Jobs that Kueue queues back from admission, beside the gates of others', async () => {
      const queued = (annotations: object, labels: object = { 'kueue.x-k8s.io/queue-name': 'team' }) =>
        jobObject('new', { suspend: true }, { labels, annotations, ownerReferences: undefined });
      const gatesOf = async (object: object) =>
        (await admin.post(`${JOBS}?dryRun=All`, object)).body.metadata.annotations?.[ADMISSION_GATES];

      expect(await gatesOf(queued(WAIT))).toBe(`${OURS}/wait`);
      expect(await gatesOf(queued({ ...WAIT, [ADMISSION_GATES]: 'example.com/budget' }))).toBe(
        `example.com/budget,${OURS}/wait`,
      );
      expect(await gatesOf(queued({ ...WAIT, [`${OURS}/skip`]: 'true' }))).toBeUndefined();
      expect(await gatesOf(queued({ theirs: 'kept' }))).toBeUndefined();
      expect(await gatesOf(queued(WAIT, { app: 'x' }))).toBeUndefined();
    });

    it('let our account remove its own admission gate, and no other', async () => {
      const labels = { 'kueue.x-k8s.io/queue-name': 'team' };
      const annotations = { ...WAIT, [ADMISSION_GATES]: 'example.com/budget' };
      await created(JOBS, jobObject('held', { suspend: true }, { labels, annotations, ownerReferences: undefined }));
      const patch = async (value: string | null) =>
        (
          await ours.patch(`${JOBS}/held`, 'merge-patch+json', {
            metadata: { annotations: { [ADMISSION_GATES]: value } },
          })
        ).status;

      expect([await patch(null), await patch('carbon-extender.io/wait'), await patch('other')]).toEqual([
        422, 422, 422,
      ]);
      expect(await patch('example.com/budget')).toBe(200);
    });

    it('write the window of a CronJob as max-delay of its pods, and follow it when it changes', async () => {
      const cron = (annotations: object, podAnnotations?: object) => ({
        ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly', annotations } },
        spec: {
          schedule: '0 3 * * *',
          jobTemplate: {
            spec: {
              template: {
                ...(podAnnotations && { metadata: { annotations: podAnnotations } }),
                spec: { restartPolicy: 'Never', containers: CONTAINERS },
              },
            },
          },
        },
      });
      const path = '/apis/batch/v1/namespaces/default/cronjobs';
      const delayOf = (body: {
        spec: { jobTemplate: { spec: { template: { metadata?: { annotations?: Record<string, string> } } } } };
      }) => body.spec.jobTemplate.spec.template.metadata?.annotations?.[`${OURS}/max-delay`];
      const window = { [`${OURS}/window`]: '6h' };

      const own = await admin.post(`${path}?dryRun=All`, cron(window, { [`${OURS}/max-delay`]: '2h' }));
      const made = await admin.post(path, cron(window));
      const changed = await admin.patch(`${path}/nightly`, 'merge-patch+json', {
        metadata: { annotations: { [`${OURS}/window`]: '4h' } },
      });
      const without = await admin.post(`${path}?dryRun=All`, { ...cron({}), metadata: { name: 'other' } });

      expect([own, made, changed, without].map(({ body }) => delayOf(body))).toEqual(['2h', '6h', '4h', undefined]);
    });
  });

  async function created(path: string, object: object): Promise<void> {
    const { status, body } = await admin.post(path, object);
    expect(status, JSON.stringify(body)).toBe(201);
  }
});

function ownerOf(kind: string, uid: string) {
  return { apiVersion: 'batch/v1', kind, name: kind.toLowerCase(), uid };
}

function podObject(name: string): object {
  const metadata = { name, namespace: 'default', annotations: WAIT, ownerReferences: [ownerOf('Job', '5')] };
  const schedulingGates = [{ name: `${OURS}/wait` }, { name: 'example.org/other' }];
  const spec = { schedulingGates, containers: CONTAINERS, tolerations: [{ key: 'a', operator: 'Exists' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

function jobObject(name: string, spec: object, metadata: object = {}): object {
  const common = {
    name,
    namespace: 'default',
    labels: { app: 'x' },
    annotations: WAIT,
    ownerReferences: [ownerOf('CronJob', '6')],
  };
  const template = { metadata: { labels: { app: 'x' } }, spec: { restartPolicy: 'Never', containers: CONTAINERS } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { ...common, ...metadata }, spec: { ...spec, template } };
}

function namespaceObject(name: string, annotations: object): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

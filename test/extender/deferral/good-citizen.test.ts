// Flow: the controller leaves other controllers' work alone, plans only where a pod can run, and delays a piece of work once.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { capturedLog } from '../../captured-log.ts';
import { type KubeObject, type KubernetesDouble, startKubernetes } from '../../doubles/kubernetes.ts';
import { eventually } from '../../started-process.ts';
import { annotation, gatedPod, settableClock, suspendedJob } from './gated.ts';
import { gridState } from './grid-document.ts';
import { startController } from './start-controller.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const WAIT = { 'max-delay': '8h', duration: '1h' };
/** FR is cleanest at 15:00 (100 of 500), DE at 18:00 (300 of 600). */
const TWO_ZONES = {
  FR: [500, 500, 500, 100, 500, 500, 500, 500, 500],
  DE: [600, 600, 600, 600, 600, 600, 300, 600, 600],
};

let stack: AsyncDisposableStack;
let cluster: KubernetesDouble;
let clock: ReturnType<typeof settableClock>;
let grid: () => CacheState;
let log: ReturnType<typeof capturedLog>;
const world = () => ({ stack, cluster, clock, log, grid: () => grid() });
const pod = (name: string) => cluster.get('pods', `batch/${name}`);
const job = (name: string) => cluster.get('jobs', `batch/${name}`);
const planned = (name: string) => eventually(async () => annotation(pod(name), 'planned-start'), Boolean);
const released = (name: string) => eventually(async () => annotation(pod(name), 'released-because'), Boolean);

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  clock = settableClock();
  clock.set(NOON);
  cluster = stack.use(await startKubernetes(() => clock.now()));
  grid = () => gridState(TWO_ZONES, NOON, { now: clock.now(), ttlMinutes: 600 });
  log = capturedLog();
});
afterEach(() => stack.disposeAsync());

describe('a plan', () => {
  it('is made for the zones that the pod can use', async () => {
    cluster.create('nodes', node('node-fr', { az: 'fr' }));
    cluster.create('nodes', node('node-de', { az: 'de' }));
    cluster.create('pods', ours('free', {}));
    cluster.create('pods', ours('pinned', { nodeSelector: { az: 'de' } }));
    cluster.create('pods', ours('nowhere', { nodeSelector: { az: 'mars' } }));
    startController(world());

    await Promise.all([planned('free'), planned('pinned'), released('nowhere')]);

    expect(plan('free')).toEqual(['2026-03-02T15:00:00.000Z', 'FR', '80.0%']);
    expect(plan('pinned')).toEqual(['2026-03-02T18:00:00.000Z', 'DE', '50.0%']);
    expect(annotation(pod('nowhere'), 'released-because')).toBe('signal-lost');
    expect(annotation(pod('nowhere'), 'expected-saving')).toBeUndefined();
  });

  it('follows a cordon, a taint and the zone of a volume', async () => {
    cluster.create('nodes', { ...node('node-fr', { az: 'fr' }), spec: { unschedulable: true } });
    cluster.create('nodes', node('node-de', { az: 'de' }));
    cluster.create('nodes', node('node-de2', { az: 'de2' }));
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'az', operator: 'In', values: ['fr'] }] }] };
    cluster.create('persistentvolumes', { metadata: { name: 'pv' }, spec: { nodeAffinity: { required } } });
    const claim = { metadata: { name: 'data', namespace: 'batch' }, spec: { volumeName: 'pv' } };
    cluster.create('persistentvolumeclaims', claim);
    cluster.create('pods', ours('free', {}));
    cluster.create('pods', ours('stateful', { volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] }));
    startController(world());

    await Promise.all([planned('free'), released('stateful')]);

    expect(plan('free')).toEqual(['2026-03-02T18:00:00.000Z', 'DE', '50.0%']);
    expect(annotation(pod('stateful'), 'released-because')).toBe('signal-lost');
  });

  it('expects the mean of its nodes for a pod whose scheduler does not place by carbon', async () => {
    for (const name of ['node-fr', 'node-de-1', 'node-de-2', 'node-de-3']) cluster.create('nodes', node(name, {}));
    cluster.create('pods', ours('default', { schedulerName: 'default-scheduler' }));
    startController(world(), { carbonSchedulers: ['carbon-aware-scheduler'] });

    await planned('default');

    // Now (500 + 3 × 600) / 4 = 575; at 18:00 (500 + 3 × 300) / 4 = 350.
    expect(plan('default')).toEqual(['2026-03-02T18:00:00.000Z', 'any', '39.1%']);
  });

  it('puts no more into an hour than can be released in it, the largest work first', async () => {
    cluster.create('nodes', node('node-fr', {}));
    // One a minute: sixty an hour.
    for (let index = 0; index < 70; index++) cluster.create('pods', ours(`small-${index}`, {}, '100m'));
    cluster.create('pods', ours('large', {}, '8'));
    startController(world(), { releasePerMinute: 1 });

    await eventually(
      async () =>
        cluster.all('pods').filter((each) => annotation(each, 'planned-start') ?? annotation(each, 'released-because')),
      (done) => done.length === 71,
    );

    const best = cluster.all('pods').filter((each) => annotation(each, 'planned-start') === '2026-03-02T15:00:00.000Z');
    expect(best).toHaveLength(60);
    expect(best.map(({ metadata }) => metadata.name)).toContain('large');
  });
});

describe('how much fits', () => {
  it('bounds what is planned for an hour: what is free on the nodes, beside what runs there', async () => {
    cluster.create('nodes', {
      ...node('node-fr', {}),
      status: { allocatable: { cpu: '4', memory: '67108864Ki', pods: '110' } },
    });
    const running = ours('running', { nodeName: 'node-fr', schedulingGates: [] }, '2');
    cluster.create('pods', { ...running, status: { phase: 'Running' } });
    cluster.create('pods', {
      ...running,
      metadata: { ...running.metadata, name: 'done' },
      status: { phase: 'Succeeded' },
    });
    for (let index = 0; index < 5; index++) cluster.create('pods', ours(`job-${index}`, {}));
    // At 15:00 the grid is cleanest, at 17:00 next to it.
    grid = () =>
      gridState({ FR: [500, 500, 500, 100, 500, 200, 500, 500, 500] }, NOON, { now: clock.now(), ttlMinutes: 600 });
    startController(world());
    const waiting = () => cluster.all('pods').filter(({ metadata }) => metadata.name.startsWith('job-'));

    await expect
      .poll(() => waiting().filter((each) => annotation(each, 'planned-start') ?? annotation(each, 'released-because')))
      .toHaveLength(5);

    const starts = waiting().map((each) => annotation(each, 'planned-start') ?? annotation(each, 'released-because'));
    expect(starts.filter((start) => start === '2026-03-02T15:00:00.000Z')).toHaveLength(2);
    expect(starts.filter((start) => start === '2026-03-02T17:00:00.000Z')).toHaveLength(2);
  });

  it('holds nothing up that would not fit even alone: nodes may come by then', async () => {
    cluster.create('nodes', {
      ...node('node-fr', {}),
      status: { allocatable: { cpu: '4', memory: '67108864Ki', pods: '110' } },
    });
    const running = ours('running', { nodeName: 'node-fr', schedulingGates: [] }, '4');
    cluster.create('pods', { ...running, status: { phase: 'Running' } });
    for (let index = 0; index < 3; index++) cluster.create('pods', ours(`job-${index}`, {}));
    startController(world());

    await Promise.all([0, 1, 2].map((index) => planned(`job-${index}`)));

    expect([0, 1, 2].map((index) => plan(`job-${index}`)[0])).toEqual(Array(3).fill('2026-03-02T15:00:00.000Z'));
  });
});

describe('work of others', () => {
  it('is never resumed, whatever its annotations say', async () => {
    const owned = (name: string, apiVersion: string, kind: string) =>
      cluster.create('jobs', withOwner(suspendedJob(name, WAIT, NOON), { apiVersion, kind, name: 'x', uid: 'u' }));
    owned('of-jobset', 'jobset.x-k8s.io/v1alpha2', 'JobSet');
    owned('of-rayjob', 'ray.io/v1', 'RayJob');
    const prebuilt = suspendedJob('prebuilt', WAIT, NOON);
    prebuilt.metadata.labels = { 'kueue.x-k8s.io/prebuilt-workload-name': 'w' };
    cluster.create('jobs', prebuilt);
    const stopped = suspendedJob('stopped-by-hand', WAIT, NOON - 2 * HOUR_MS);
    const conditions = [{ type: 'Suspended', lastTransitionTime: '2026-03-02T11:30:00Z' }];
    Object.assign(stopped.metadata, { generation: 3 });
    cluster.create('jobs', { ...stopped, status: { conditions } });
    cluster.create('jobs', suspendedJob('ours', { ...WAIT, skip: 'true' }, NOON));
    startController(world());

    await eventually(async () => job('ours')?.spec.suspend === false, Boolean);

    const others = ['of-jobset', 'of-rayjob', 'prebuilt', 'stopped-by-hand'];
    expect(others.map((name) => job(name)?.spec.suspend)).toEqual([true, true, true, true]);
    expect(others.map((name) => annotation(job(name), 'planned-start'))).toEqual(others.map(() => undefined));
  });

  it('is not resumed when it ran only for a moment before somebody suspended it', async () => {
    const made = suspendedJob('seen-running', { ...WAIT, skip: 'true' }, NOON);
    const running = cluster.create('jobs', { ...made, spec: { ...made.spec, suspend: false } });
    const ended = suspendedJob('has-failed', { ...WAIT, skip: 'true' }, NOON);
    const conditions = [{ type: 'Suspended', lastTransitionTime: '2026-03-02T12:00:05Z' }];
    cluster.create('jobs', { ...ended, status: { conditions, failed: 1 } });
    startController(world());
    cluster.create('jobs', suspendedJob('ours', { ...WAIT, skip: 'true' }, NOON));
    await eventually(async () => job('ours')?.spec.suspend === false, Boolean);

    const metadata = { ...running.metadata, generation: 2 };
    cluster.update('jobs', { ...running, metadata, spec: { ...made.spec, suspend: true }, status: { conditions } });
    cluster.create('jobs', suspendedJob('ours-too', { ...WAIT, skip: 'true' }, NOON));
    await eventually(async () => job('ours-too')?.spec.suspend === false, Boolean);

    expect(['seen-running', 'has-failed'].map((name) => job(name)?.spec.suspend)).toEqual([true, true]);
  });

  it('is let go at once when its pods were gated all the same', async () => {
    const queued = suspendedJob('queued', {}, NOON);
    queued.metadata.labels = { 'kueue.x-k8s.io/queue-name': 'team' };
    const { uid = '' } = cluster.create('jobs', { ...queued, spec: { suspend: false } }).metadata;
    cluster.create(
      'pods',
      withOwner(ours('of-queued', {}), { apiVersion: 'batch/v1', kind: 'Job', name: 'queued', uid }),
    );
    startController(world());

    expect(await released('of-queued')).toBe('queued-elsewhere');
  });
});

describe('one piece of work', () => {
  it('waits once: neither the retry nor the next completion of a Job waits again', async () => {
    const { uid = '' } = cluster.create('jobs', {
      ...suspendedJob('indexed', {}, NOON - HOUR_MS),
      spec: { suspend: false },
      status: { failed: 1 },
    }).metadata;
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'indexed', uid };
    cluster.create('pods', withOwner(ours('indexed-retry', {}), owner));
    startController(world());

    expect(await released('indexed-retry')).toBe('already-started');
  });

  it('waits once: what is released lets its siblings go', async () => {
    const owner = { apiVersion: 'example.org/v1', kind: 'Farm', name: 'farm', uid: 'farm' };
    cluster.create('pods', withOwner(ours('first', {}), owner));
    startController(world());
    await planned('first');
    clock.set(NOON + 3 * HOUR_MS);
    expect(await released('first')).toBe('due');

    cluster.create('pods', withOwner(gatedPod('replacement', WAIT, clock.now()), owner));

    expect(await released('replacement')).toBe('already-started');
  });

  it('counts max-delay from the creation of its Job', async () => {
    const { uid = '' } = cluster.create('jobs', { ...suspendedJob('late', {}, NOON - 6 * HOUR_MS), spec: {} }).metadata;
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'late', uid };
    cluster.create('pods', withOwner(ours('of-late', {}), owner));
    startController(world());

    // Two of eight hours are left, and the clean hour is beyond them.
    expect(await released('of-late')).toBe('cleanest');
  });

  it('does not wait for pods that a Deployment makes later', async () => {
    const created = (name: string, kind: string, at: number, above?: object): KubeObject => ({
      ...{ kind, metadata: { name, namespace: 'batch', uid: name, creationTimestamp: new Date(at).toISOString() } },
      ...(above && {
        metadata: {
          name,
          namespace: 'batch',
          uid: name,
          creationTimestamp: new Date(at).toISOString(),
          ownerReferences: [above] as never,
        },
      }),
    });
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'web', controller: true };
    cluster.create('deployments', created('web', 'Deployment', NOON - 2 * HOUR_MS));
    cluster.create('replicasets', created('web-2', 'ReplicaSet', NOON, deployment));
    cluster.create('deployments', created('new', 'Deployment', NOON - 60_000));
    cluster.create('replicasets', created('new-1', 'ReplicaSet', NOON, { ...deployment, name: 'new', uid: 'new' }));
    const replicaSet = (name: string) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: name });
    cluster.create('pods', withOwner(ours('rolled', {}), replicaSet('web-2')));
    cluster.create('pods', withOwner(ours('first', {}), replicaSet('new-1')));
    startController(world());

    expect(await released('rolled')).toBe('already-started');
    await planned('first');
  });
});

describe('the mode of a namespace', () => {
  it('holds nothing where it is off or advise, and advises where it is advise', async () => {
    for (const mode of ['off', 'advise'])
      cluster.create('namespaces', { metadata: { name: mode, annotations: { 'carbon-extender.io/mode': mode } } });
    for (const namespace of ['off', 'advise']) {
      const held = ours('held', {});
      cluster.create('pods', { ...held, metadata: { ...held.metadata, namespace } });
    }
    startController(world());
    const reason = (namespace: string) => annotation(cluster.get('pods', `${namespace}/held`), 'released-because');

    await eventually(async () => reason('off') && reason('advise'), Boolean);

    expect([reason('off'), reason('advise')]).toEqual(['off', 'advised']);
    expect(annotation(cluster.get('pods', 'advise/held'), 'expected-saving')).toBe('80.0%');
    expect(annotation(cluster.get('pods', 'off/held'), 'expected-saving')).toBeUndefined();
  });

  it('is the cluster’s where a namespace sets none, and wins over it where it does', async () => {
    cluster.create('namespaces', {
      metadata: { name: 'batch', annotations: { 'carbon-extender.io/mode': 'enforce' } },
    });
    const elsewhere = ours('elsewhere', {});
    cluster.create('pods', ours('here', {}));
    cluster.create('pods', { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'other' } });
    startController(world(), { clusterMode: 'off' });

    await planned('here');
    const reason = () => annotation(cluster.get('pods', 'other/elsewhere'), 'released-because');

    expect(await eventually(async () => reason(), Boolean)).toBe('off');
  });
});

function ours(name: string, spec: object, cpu = '1'): KubeObject {
  const gated = gatedPod(name, WAIT, NOON);
  const containers = [{ name: 'main', image: 'busybox', resources: { requests: { cpu, memory: '1Gi' } } }];
  return { ...gated, spec: { ...gated.spec, schedulerName: 'carbon-aware-scheduler', containers, ...spec } };
}

function node(name: string, labels: Record<string, string>): KubeObject {
  return {
    metadata: { name, labels },
    spec: {},
    status: { allocatable: { cpu: '16', memory: '67108864Ki', pods: '110' } },
  };
}

function withOwner(
  object: KubeObject,
  owner: { apiVersion: string; kind: string; name: string; uid: string },
): KubeObject {
  return { ...object, metadata: { ...object.metadata, ownerReferences: [{ ...owner, controller: true }] } };
}

function plan(name: string): (string | undefined)[] {
  return ['planned-start', 'planned-zone', 'expected-saving'].map((key) => annotation(pod(name), key));
}

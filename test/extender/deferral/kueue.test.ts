// Flow: objects that Kueue queues wait behind its admission gate, as a real Kueue 0.17.0 left them (recorded by test/cluster/kueue.test.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningDeferral } from '../../../extender/deferral/controller.ts';
import { runWatchdog } from '../../../extender/deferral/watchdog.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { createClient } from '../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../shared/runtime/kubernetes/connection.ts';
import { capturedLog } from '../../captured-log.ts';
import { type KubeObject, type KubernetesDouble, startKubernetes } from '../../doubles/kubernetes.ts';
import { eventually } from '../../started-process.ts';
import { annotation, ours, settableClock } from './gated.ts';
import { gridState } from './grid-document.ts';
import { startController } from './start-controller.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const GATES = 'kueue.x-k8s.io/admission-gated-by';
const OURS = 'carbon-extender.io/wait';

let stack: AsyncDisposableStack;
let cluster: KubernetesDouble;
let clock: ReturnType<typeof settableClock>;
const log = capturedLog();
const grid = () =>
  gridState({ FR: [500, 500, 100, 500, 500, 500, 500, 500] }, NOON, { now: clock.now(), ttlMinutes: 600 });
const job = (name: string) => cluster.get('jobs', `batch/${name}`);
const gates = (name: string) => job(name)?.metadata.annotations?.[GATES];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  clock = settableClock();
  clock.set(NOON);
  cluster = stack.use(await startKubernetes(() => clock.now()));
  cluster.groups.set('kueue.x-k8s.io', { version: 'v1beta2', plurals: ['workloads'] });
  cluster.groups.set('batch', { version: 'v1', plurals: ['jobs', 'cronjobs'] });
  cluster.groups.set('jobset.x-k8s.io', { version: 'v1alpha2', plurals: ['jobsets'] });
});
afterEach(() => stack.disposeAsync());

describe('a Job that Kueue queues', () => {
  it('gets its plan while it holds no quota, and our name alone is removed when the hour has come', async () => {
    cluster.create('jobs', queuedJob('report', { gates: `example.com/budget,${OURS}` }));
    start();
    await eventually(async () => annotation(job('report'), 'planned-start'), Boolean);
    expect(annotation(job('report'), 'planned-start')).toBe('2026-03-02T14:00:00.000Z');
    expect(annotation(job('report'), 'expected-saving')).toBe('80.0%');
    expect(gates('report')).toBe(`example.com/budget,${OURS}`);

    clock.set(NOON + 2 * HOUR_MS);
    await eventually(async () => annotation(job('report'), 'released-because'), Boolean);

    expect(annotation(job('report'), 'released-because')).toBe('due');
    expect(gates('report')).toBe('example.com/budget');
    // Whether it runs is for Kueue to say.
    expect(job('report')?.spec.suspend).toBe(true);
    const events = () => cluster.all('events').filter((event) => event.involvedObject.name === 'report');
    await expect
      .poll(() => events().map((event) => [event.reason, event.involvedObject.kind]))
      .toContainEqual(['WaitingForCleanHour', 'Job']);
  });

  it('is let go at its deadline by every replica, and the annotation goes with the last name', async () => {
    cluster.create('jobs', queuedJob('late', { createdAt: NOON - 8 * HOUR_MS }));
    start();

    await eventually(async () => annotation(job('late'), 'released-because'), Boolean);

    expect(annotation(job('late'), 'released-because')).toBe('deadline');
    expect(gates('late')).toBeUndefined();
  });

  it('does not wait anew when Kueue evicts and requeues it', async () => {
    cluster.create('jobs', queuedJob('report', {}));
    start();
    await eventually(async () => annotation(job('report'), 'planned-start'), Boolean);
    clock.set(NOON + 2 * HOUR_MS);
    await eventually(async () => gates('report') === undefined, Boolean);
    const released = annotation(job('report'), 'released-at');

    // Kueue admits, evicts and admits again: it toggles suspend.
    for (const suspend of [false, true, false]) {
      const now = structuredClone(job('report')) as KubeObject;
      now.spec.suspend = suspend;
      cluster.update('jobs', now);
    }
    cluster.create('jobs', queuedJob('witness', { createdAt: clock.now() }));
    await eventually(async () => annotation(job('witness'), 'released-because'), Boolean);

    expect(annotation(job('report'), 'released-at')).toBe(released);
    expect(gates('report')).toBeUndefined();
  });

  it('is left alone without our name, and a JobSet is treated like a Job', async () => {
    cluster.create('jobs', queuedJob('foreign', { gates: 'example.com/budget' }));
    cluster.create('jobsets', {
      ...queuedJob('set', { createdAt: NOON - 8 * HOUR_MS }),
      kind: 'JobSet',
      spec: { replicatedJobs: [] },
    });
    start();
    const set = () => cluster.get('jobsets', 'batch/set');

    await eventually(async () => annotation(set(), 'released-because'), Boolean);

    expect(set()?.metadata.annotations?.[GATES]).toBeUndefined();
    expect(gates('foreign')).toBe('example.com/budget');
    expect(annotation(job('foreign'), 'planned-start')).toBeUndefined();
  });

  it('inherits what its LocalQueue sets, and is not released before that is known', async () => {
    cluster.create('localqueues', {
      metadata: { name: 'team', namespace: 'batch', annotations: ours({ 'max-delay': '8h', duration: '1h' }) },
      spec: { clusterQueue: 'batch-quota' },
    });
    cluster.create('jobs', queuedJob('report', { wait: false }));
    start();

    await eventually(async () => annotation(job('report'), 'planned-start'), Boolean);

    expect(annotation(job('report'), 'released-because')).toBeUndefined();
    expect(annotation(job('report'), 'planned-start')).toBe('2026-03-02T14:00:00.000Z');
  });

  it('has its plan and its release on the Workload, too, and Events there', async () => {
    const workload = () => cluster.get('workloads', 'batch/job-report-abcde');
    cluster.create('workloads', workloadFor(cluster.create('jobs', queuedJob('report', {})), 'gated'));
    start();
    await eventually(async () => annotation(workload(), 'planned-start'), Boolean);
    expect(annotation(workload(), 'expected-saving')).toBe('80.0%');

    clock.set(NOON + 2 * HOUR_MS);
    await eventually(async () => annotation(workload(), 'released-at'), Boolean);

    expect(annotation(workload(), 'released-because')).toBe('due');
    const events = () => cluster.all('events').filter((event) => event.involvedObject.kind === 'Workload');
    await expect
      .poll(() => events().map(({ reason }) => reason))
      .toEqual(expect.arrayContaining(['WaitingForCleanHour', 'Released']));
    expect(workload()?.metadata.annotations?.[GATES]).toBe(OURS);
  });

  it('is released at once, with a Warning and no plan, where its Workload shows that Kueue ignores the gate', async () => {
    cluster.create('workloads', workloadFor(cluster.create('jobs', queuedJob('old', {})), 'ungated'));
    const controller = start();
    expect(controller.kueueIgnoresGates()).toBe(false);

    await eventually(async () => annotation(job('old'), 'released-because'), Boolean);

    expect(annotation(job('old'), 'released-because')).toBe('queue-without-gate');
    expect(annotation(job('old'), 'planned-start')).toBeUndefined();
    await expect.poll(() => cluster.all('events').filter(({ type }) => type === 'Warning').length).toBeGreaterThan(0);
    await expect.poll(() => controller.kueueIgnoresGates()).toBe(true);

    const made = queuedJob('newer', {});
    const annotations = { ...made.metadata.annotations, 'carbon-extender.io/skip': 'true' };
    const skipping = { ...made, metadata: { ...made.metadata, annotations } };
    cluster.create('workloads', workloadFor(cluster.create('jobs', skipping), 'gated'));
    await eventually(async () => annotation(job('newer'), 'released-because'), Boolean);
    await expect.poll(() => controller.kueueIgnoresGates()).toBe(false);
  });

  it('is planned for no more work at a time than its queue has quota for, all its pods counted', async () => {
    cluster.create('localqueues', { metadata: { name: 'team', namespace: 'batch' }, spec: { clusterQueue: 'batch' } });
    const resources = [{ name: 'cpu', nominalQuota: '4' }];
    const resourceGroups = [{ coveredResources: ['cpu'], flavors: [{ name: 'default', resources }] }];
    cluster.create('clusterqueues', { metadata: { name: 'batch' }, spec: { resourceGroups } });
    for (const name of ['a', 'b', 'c']) {
      const made = queuedJob(name, {});
      cluster.create('jobs', { ...made, spec: { ...made.spec, parallelism: 2 } });
    }
    start();
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        eventually(
          async () => annotation(job(name), 'planned-start') ?? annotation(job(name), 'released-because'),
          Boolean,
        ),
      ),
    );

    const starts = ['a', 'b', 'c'].map((name) => annotation(job(name), 'planned-start'));
    expect(starts.filter((planned) => planned === '2026-03-02T14:00:00.000Z')).toHaveLength(2);
  });

  it('may be a single pod: its gate goes with its Deployment’s one delay', async () => {
    const deployment = { kind: 'Deployment', metadata: { name: 'web', namespace: 'batch', uid: 'web-set' } };
    const old = { ...deployment.metadata, creationTimestamp: isoTime(NOON - 2 * HOUR_MS) };
    cluster.create('replicasets', { kind: 'ReplicaSet', metadata: { ...old, name: 'web-1' } });
    const pod = recordedObject('Pod', 'web-1-later', {});
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'web-set', controller: true };
    cluster.create('pods', { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } });
    const single = recordedObject('Pod', 'single', {});
    cluster.create('pods', single);
    start();
    const found = (name: string) => cluster.get('pods', `batch/${name}`);

    await eventually(async () => annotation(found('web-1-later'), 'released-because'), Boolean);
    await eventually(async () => annotation(found('single'), 'planned-start'), Boolean);

    expect(annotation(found('web-1-later'), 'released-because')).toBe('already-started');
    expect(found('web-1-later')?.metadata.annotations?.[GATES]).toBeUndefined();
    expect(found('web-1-later')?.spec.schedulingGates).toEqual(pod.spec.schedulingGates);
    expect(found('single')?.metadata.annotations?.[GATES]).toBe(OURS);
  });

  it('is let go by the watchdog when no controller runs', async () => {
    cluster.create('jobs', queuedJob('late', { createdAt: NOON - 9 * HOUR_MS }));
    cluster.create('jobs', queuedJob('may-wait', {}));
    await using client = createClient(openConnections({ server: cluster.url, user: {} }));

    const result = await runWatchdog({ client, clock, logger: log });

    expect(result).toMatchObject({ released: 1, failed: 0 });
    expect([gates('late'), gates('may-wait')]).toEqual([undefined, OURS]);
  });

  it('waits for the watchdog, too, as long as its LocalQueue says', async () => {
    const annotations = ours({ 'max-delay': '10h' });
    cluster.create('localqueues', { metadata: { name: 'team', namespace: 'batch', annotations }, spec: {} });
    cluster.create('jobs', queuedJob('may-wait', { createdAt: NOON - 9 * HOUR_MS, wait: false }));
    cluster.create('jobs', queuedJob('late', { createdAt: NOON - 11 * HOUR_MS, wait: false }));
    await using client = createClient(openConnections({ server: cluster.url, user: {} }));

    await runWatchdog({ client, clock, logger: log });

    expect([gates('late'), gates('may-wait')]).toEqual([undefined, OURS]);
  });
});

function start(): RunningDeferral {
  return startController({ stack, cluster, clock, log, grid });
}

interface Recording {
  readonly objects: readonly KubeObject[];
  readonly workloads: readonly KubeObject[];
}

function recording(state: 'gated' | 'admitted' | 'ungated'): Recording {
  return JSON.parse(readFileSync(join(import.meta.dirname, `fixtures/kueue-0.17.0-${state}.json`), 'utf8'));
}

/** A recorded object under another name, as created at a time; what the recording controller wrote is left out. */
function recordedObject(
  kind: string,
  name: string,
  given: { gates?: string; createdAt?: number; wait?: boolean },
): KubeObject {
  const found = recording('gated').objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} was recorded`);
  const { uid: _uid, resourceVersion: _version, ownerReferences, ...metadata } = structuredClone(found.metadata);
  const foreign = Object.entries(metadata.annotations ?? {}).filter(([key]) => !key.startsWith('carbon-extender.io/'));
  const wait = given.wait === false ? {} : ours({ 'max-delay': '8h', duration: '1h' });
  return {
    ...structuredClone(found),
    metadata: {
      ...{ ...metadata, name, creationTimestamp: isoTime(given.createdAt ?? NOON) },
      ...(ownerReferences && { ownerReferences }),
      annotations: { ...Object.fromEntries(foreign), ...wait, [GATES]: given.gates ?? OURS },
    },
  };
}

function queuedJob(name: string, given: { gates?: string; createdAt?: number; wait?: boolean }): KubeObject {
  return recordedObject('Job', name, given);
}

/** The recorded Workload of a Job, about an object that is here now. */
function workloadFor(object: KubeObject, state: 'gated' | 'ungated'): KubeObject {
  const [found] = recording(state).workloads;
  if (found === undefined) throw new Error('no Workload was recorded');
  const { metadata } = structuredClone(found);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !key.startsWith('carbon-extender.io/'),
  );
  const [owner] = metadata.ownerReferences ?? [];
  const { name, uid = '' } = object.metadata;
  return {
    ...structuredClone(found),
    metadata: {
      ...{ name: `job-${name}-abcde`, namespace: 'batch', annotations: Object.fromEntries(annotations) },
      ownerReferences: [{ ...{ kind: 'Job', controller: true }, ...owner, name, uid }],
    },
  };
}

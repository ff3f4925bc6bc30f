// Flow: objects that Kueue queues wait behind its admission gate, on recorded objects of Kueue 0.17.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    const events = cluster.all('events').filter((event) => event.involvedObject.name === 'report');
    expect(events.map((event) => [event.reason, event.involvedObject.kind])).toContainEqual([
      'WaitingForCleanHour',
      'Job',
    ]);
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

  it('is let go by the watchdog when no controller runs', async () => {
    cluster.create('jobs', queuedJob('late', { createdAt: NOON - 9 * HOUR_MS }));
    cluster.create('jobs', queuedJob('may-wait', {}));
    await using client = createClient(openConnections({ server: cluster.url, user: {} }));

    const result = await runWatchdog({ client, clock, logger: log });

    expect(result).toMatchObject({ released: 1, failed: 0 });
    expect([gates('late'), gates('may-wait')]).toEqual([undefined, OURS]);
  });
});

function start(): void {
  startController({ stack, cluster, clock, log, grid });
}

/** As Kueue 0.17.0 leaves a Job that is gated: suspended, with its queue's label. */
function queuedJob(name: string, given: { gates?: string; createdAt?: number }): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: 'batch',
      creationTimestamp: isoTime(given.createdAt ?? NOON),
      labels: { 'kueue.x-k8s.io/queue-name': 'team' },
      annotations: { ...ours({ 'max-delay': '8h', duration: '1h' }), [GATES]: given.gates ?? OURS },
    },
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x' }] } } },
  };
}

// Flow: Jobs that may be paused run in the cleanest pieces before their deadline, and no other Job is ever suspended.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runWatchdog } from '../../../extender/deferral/watchdog.ts';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
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
/** Four hours of work, twelve hours of slack, may be paused. */
const PAUSABLE = { 'max-delay': '12h', duration: '4h', interruptible: 'true', 'restart-cost': '3m' };
/** Clean in the first two hours and from 20:00 to 22:00. */
const VALUES = [100, 100, 800, 800, 800, 800, 800, 800, 100, 100, 100, 800, 800, 800, 800, 800, 800, 800];

let stack: AsyncDisposableStack;
let cluster: KubernetesDouble;
let clock: ReturnType<typeof settableClock>;
const log = capturedLog();
const values = () => ({ FR: VALUES });
const grid = (): CacheState => gridState(values(), NOON, { now: clock.now(), ttlMinutes: 6_000 });
const job = (name: string) => cluster.get('jobs', `batch/${name}`);
const started = () => startController({ stack, cluster, clock, log, grid });
const at = (hours: number) => NOON + hours * HOUR_MS;

/** Jobs are listed and reconciled by then: the Lease is renewed once per period. */
const severalPeriods = () =>
  eventually(
    async () => cluster.requests.filter((request) => request.startsWith('PUT')).length,
    (renewals) => renewals > 8,
  );

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  clock = settableClock();
  clock.set(at(1.5));
  cluster = stack.use(await startKubernetes(() => clock.now()));
});
afterEach(() => stack.disposeAsync());

describe('a Job that may be paused', () => {
  it('is paused when its hours become dirty, and goes on when they are clean again', async () => {
    cluster.create('jobs', runningJob('train', PAUSABLE));
    started();
    await severalPeriods();
    // Nothing happens within the hour in which it was first seen.
    expect(job('train')?.spec.suspend).toBe(false);

    clock.set(at(2));
    await eventually(async () => job('train')?.spec.suspend === true, Boolean);
    const plannedStart = Date.parse(annotation(job('train'), 'planned-start') ?? '');
    expect(Math.abs(plannedStart - at(8))).toBeLessThan(60_000);
    expect(annotation(job('train'), 'interruptions')).toBe('1');
    expect(Date.parse(annotation(job('train'), 'paused-at') ?? '')).toBeGreaterThanOrEqual(at(2));
    // Its start time goes with the suspension: when it ran is written down.
    expect(Date.parse(annotation(job('train'), 'resumed-at') ?? '')).toBeLessThan(at(2));
    expect(annotation(job('train'), 'paused-seconds')).toBeDefined();

    clock.set(at(8));
    await eventually(async () => job('train')?.spec.suspend === false, Boolean);

    expect(annotation(job('train'), 'paused-at')).toBeUndefined();
    expect(Number(annotation(job('train'), 'paused-seconds'))).toBeCloseTo(6 * 3_600, -2);
    expect(annotation(job('train'), 'released-because')).toBe('due');
    await expect
      .poll(() => cluster.all('events').map(({ reason }) => reason))
      .toEqual(expect.arrayContaining(['Paused', 'Released']));
  });

  it('completes before its deadline when the controller is killed while it is paused', async () => {
    cluster.create('jobs', pausedJob('train', PAUSABLE));
    await using client = createClient(openConnections({ server: cluster.url, user: {} }));
    const sweep = () => runWatchdog({ client, clock, logger: log });
    // Two of four hours are done; complete by 04:00, with the restart's three minutes: on again by 01:57.
    clock.set(at(14) - 5 * 60_000);
    const early = await sweep();

    clock.set(at(14) - 3 * 60_000);
    const due = await sweep();

    expect([early.released, due.released]).toEqual([0, 1]);
    expect(job('train')?.spec.suspend).toBe(false);
  });

  it('goes on at once when the signal is lost, and when it says skip', async () => {
    cluster.create('jobs', pausedJob('skips', { ...PAUSABLE, skip: 'true' }));
    cluster.create('jobs', pausedJob('blind', PAUSABLE));
    let isLost = false;
    const fading = () => (isLost ? ({ kind: 'missing', reason: 'the file is gone' } as const) : grid());
    startController({ stack, cluster, clock, log, grid: fading });
    await eventually(async () => job('skips')?.spec.suspend === false, Boolean);
    expect(job('blind')?.spec.suspend).toBe(true);

    isLost = true;
    await eventually(async () => job('blind')?.spec.suspend === false, Boolean);

    expect(annotation(job('skips'), 'released-because')).toBe('skip');
    expect(annotation(job('blind'), 'released-because')).toBe('signal-lost');
  });
});

describe('no other Job', () => {
  it('is ever suspended: not without the annotation, a known duration or slack, and not another’s', async () => {
    const owner = { apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 'x', uid: 'u', controller: true };
    const owned = runningJob('owned', PAUSABLE);
    owned.metadata.ownerReferences = [owner];
    const queued = runningJob('queued', PAUSABLE);
    queued.metadata.labels = { 'kueue.x-k8s.io/queue-name': 'team' };
    const { interruptible: _interruptible, ...silent } = PAUSABLE;
    const { duration: _duration, ...unknown } = PAUSABLE;
    const others = [owned, queued, runningJob('silent', silent), runningJob('unknown', unknown)];
    for (const each of others) cluster.create('jobs', each);
    cluster.create('jobs', runningJob('tight', { ...PAUSABLE, 'max-delay': '3m' }));
    cluster.create('jobs', runningJob('witness', PAUSABLE));
    started();
    await severalPeriods();

    clock.set(at(2));
    await eventually(async () => job('witness')?.spec.suspend === true, Boolean);

    const names = ['owned', 'queued', 'silent', 'unknown', 'tight'];
    expect(names.map((name) => job(name)?.spec.suspend)).toEqual(names.map(() => false));
  });

  it('is resumed that a person has suspended', async () => {
    cluster.create('jobs', { ...runningJob('stopped', PAUSABLE), spec: { suspend: true } });
    cluster.create('jobs', pausedJob('witness', { ...PAUSABLE, skip: 'true' }));
    started();

    await eventually(async () => job('witness')?.spec.suspend === false, Boolean);

    expect(job('stopped')?.spec.suspend).toBe(true);
  });
});

function runningJob(name: string, wanted: Record<string, string>): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: 'batch',
      creationTimestamp: isoTime(NOON),
      annotations: ours({ ...wanted, 'released-at': isoTime(NOON), 'released-because': 'cleanest' }),
    },
    spec: { suspend: false, template: { spec: { containers: [{ name: 'main', image: 'x' }] } } },
    status: { startTime: isoTime(NOON), active: 1 },
  };
}

function pausedJob(name: string, wanted: Record<string, string>): KubeObject {
  const paused = {
    'paused-at': isoTime(at(2)),
    interruptions: '1',
    'planned-start': isoTime(at(8)),
    'planned-zone': 'FR',
  };
  const job = runningJob(name, { ...wanted, ...paused });
  return { ...job, spec: { ...job.spec, suspend: true }, status: {} };
}

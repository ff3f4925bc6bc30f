import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeferralOptions, startDeferral } from '../../../extender/deferral/controller.ts';
import { createDeferralMetrics } from '../../../extender/deferral/deferral-metrics.ts';
import type { WaitingList } from '../../../extender/deferral/waiting-list.ts';
import { createEventWriter } from '../../../extender/kubernetes/events.ts';
import type { CacheState } from '../../../shared/grid/carbon-cache.ts';
import { HOUR_MS, isoTime } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { connectKubernetes } from '../../../shared/runtime/kubernetes/connect.ts';
import { capturedLog } from '../../captured-log.ts';
import { type KubernetesDouble, startKubernetes } from '../../doubles/kubernetes.ts';
import { eventually } from '../../started-process.ts';
import { temporaryFolder } from '../cache/cache-file.ts';
import { annotation, gatedPod, gatesOf, settableClock, suspendedJob, writeKubeconfig } from './gated.ts';
import { gridState } from './grid-document.ts';

const NOON = Date.parse('2026-03-02T12:10:00Z');
const ONE = Date.parse('2026-03-02T13:00:00Z');
/** Dirty now, clean at two, dirty again. */
const CLEAN_AT_TWO = { DE: [500, 400, 100, 450, 450, 450, 450, 450, 450] };
const WAIT = { 'max-delay': '6h', duration: '30m' };

describe('the deferral controller', () => {
  let stack: AsyncDisposableStack;
  let cluster: KubernetesDouble;
  let clock: ReturnType<typeof settableClock>;
  let grid: () => CacheState;
  let log: ReturnType<typeof capturedLog>;
  const pod = (name: string) => cluster.get('pods', `batch/${name}`);
  const until = <T>(read: () => T, check: (value: T) => boolean = Boolean) => eventually(async () => read(), check);
  const events = (reason: string) => cluster.all('events').filter((event) => event.reason === reason);

  const start = async (given: Partial<DeferralOptions> = {}) => {
    const folder = stack.use(await temporaryFolder());
    const KUBECONFIG = await writeKubeconfig(folder.path, cluster.url);
    const client = connectKubernetes({ NODE_WATCH: 'on', KUBECONFIG });
    if (!client) throw new Error('no client');
    const registry = new Registry();
    const controller = startDeferral({
      client,
      cache: () => grid(),
      zones: () => [zone('DE')],
      mode: 'on',
      periodMs: 50,
      releasePerMinute: 100_000,
      defaultDurationHours: 1,
      lease: { namespace: 'carbon-extender', identity: 'a' },
      metrics: createDeferralMetrics(registry),
      writeEvent: createEventWriter(client, { perMinute: 60_000, clock, logger: log, count: () => undefined }),
      clock,
      logger: log,
      ...given,
    });
    return stack.use(controller);
  };

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    clock = settableClock();
    clock.set(NOON);
    cluster = stack.use(await startKubernetes(() => clock.now()));
    grid = () => gridState(CLEAN_AT_TWO, NOON, { now: clock.now(), ttlMinutes: 600 });
    log = capturedLog();
  });
  afterEach(() => stack.disposeAsync());

  it('plans beyond max-delay, and says why, while the carbon budget of the namespace is used up', async () => {
    const published: WaitingList[] = [];
    cluster.create('pods', gatedPod('over', { 'max-delay': '1h', duration: '30m' }, NOON));
    await start({
      budgetDelayOf: (name) => (name === 'batch' ? 6 * HOUR_MS : undefined),
      onWaiting: (list) => published.push(list),
    });

    await until(() => annotation(pod('over'), 'planned-start'));

    expect(annotation(pod('over'), 'planned-start')).toBe('2026-03-02T14:00:00.000Z');
    expect(annotation(pod('over'), 'extended-until')).toBe(isoTime(NOON + 6 * HOUR_MS));
    await until(() => events('WaitingForCleanHour').length);
    expect(events('WaitingForCleanHour')[0]?.message).toContain('because its namespace has used up its carbon budget');
    await until(() => published.at(-1)?.entries[0]?.isExtended);
    expect(published.at(-1)?.entries[0]?.deadline).toBe(NOON + 6 * HOUR_MS);
  });

  it('writes the plan and an Event, and opens its own gate alone when the hour has come', async () => {
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    await start();

    await until(() => annotation(pod('report'), 'planned-start'));
    const [event] = await until(
      () => events('WaitingForCleanHour'),
      (found) => found.length > 0,
    );
    expect(annotation(pod('report'), 'planned-start')).toBe('2026-03-02T14:00:00.000Z');
    expect(annotation(pod('report'), 'planned-zone')).toBe('DE');
    expect(annotation(pod('report'), 'expected-saving')).toBe('80.0%');
    expect(event?.involvedObject).toMatchObject({ kind: 'Pod', name: 'report', uid: pod('report')?.metadata.uid });
    expect(event?.message).toContain('waits until 2026-03-02T14:00:00.000Z (DE), expected to save 80.0 %');
    expect(gatesOf(pod('report'))).toContain('carbon-extender.io/wait');

    clock.set(ONE + HOUR_MS);

    await until(
      () => gatesOf(pod('report')),
      (gates) => gates.length === 1,
    );
    expect(gatesOf(pod('report'))).toEqual(['example.org/other']);
    expect(annotation(pod('report'), 'released-because')).toBe('due');
    await until(
      () => events('Released'),
      (found) => found.length === 1,
    );
  });

  it('says in the Event when the forecast ended before the latest start, and not otherwise', async () => {
    cluster.create('pods', gatedPod('long', { ...WAIT, 'max-delay': '20h' }, NOON));
    cluster.create('pods', gatedPod('short', WAIT, NOON));
    await start();

    const found = await until(
      () => events('WaitingForCleanHour'),
      (both) => both.length === 2,
    );
    const messageOf = (name: string) => found.find(({ involvedObject }) => involvedObject?.name === name)?.message;
    expect(messageOf('long')).toMatch(/; the forecast ends before the latest start, so later hours were not compared$/);
    expect(messageOf('short')).toMatch(/at the latest$/);
  });

  it('publishes what waits, first without and then with its plan, and only when it has changed', async () => {
    const published: WaitingList[] = [];
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    await start({ onWaiting: (list) => published.push(list) });

    await until(() => published.at(-1)?.entries[0]?.plannedStart);
    const planned = published.length;
    await until(
      () => cluster.requests.filter((line) => line.includes('/leases/')).length,
      (renewed) => renewed > 0,
    );
    clock.set(ONE + HOUR_MS);
    await until(() => published.at(-1)?.total === 0);

    expect(published[planned - 1]).toEqual({
      deferral: 'on',
      total: 1,
      entries: [
        {
          ...{ kind: 'Pod', namespace: 'batch', name: 'report', arrivedAt: NOON },
          ...{ plannedStart: NOON + 110 * 60_000, deadline: NOON + 6 * HOUR_MS, expectedSavingPercent: 80 },
          ...{ zone: 'DE', pieces: [{ start: NOON + 110 * 60_000, end: NOON + 140 * 60_000, ran: false }] },
        },
      ],
    });
    expect(new Set(published.map((list) => JSON.stringify(list))).size).toBe(published.length);
  });

  it('does the same for a suspended Job, and leaves one alone that was suspended after its release', async () => {
    cluster.create('jobs', suspendedJob('nightly', WAIT, NOON));
    cluster.create('jobs', suspendedJob('by-hand', { ...WAIT, 'released-at': isoTime(NOON) }, NOON));
    cluster.create('jobs', suspendedJob('without-annotation', {}, NOON));
    await start();

    await until(() => annotation(cluster.get('jobs', 'batch/nightly'), 'planned-start'));
    clock.set(ONE + HOUR_MS);

    await until(() => cluster.get('jobs', 'batch/nightly')?.spec.suspend === false);
    expect(cluster.get('jobs', 'batch/by-hand')?.spec.suspend).toBe(true);
    expect(cluster.get('jobs', 'batch/without-annotation')?.spec.suspend).toBe(true);
  });

  it('counts the wait of a Job towards that of its pods', async () => {
    const released = { ...WAIT, 'released-at': isoTime(NOON), 'released-because': 'due' };
    const job = suspendedJob('nightly', released, NOON - 6 * HOUR_MS);
    const { uid = '' } = cluster.create('jobs', { ...job, spec: { suspend: false } }).metadata;
    const pods = ['nightly-1', 'of-another'].map((name) => gatedPod(name, WAIT, NOON));
    for (const [at, pod] of pods.entries())
      cluster.create('pods', {
        ...pod,
        metadata: {
          ...pod.metadata,
          ownerReferences: [{ kind: 'Job', name: 'nightly', uid: at === 0 ? uid : 'another', controller: true }],
        },
      });
    await start();

    await until(() => annotation(pod('nightly-1'), 'released-because'));
    await until(() => annotation(pod('of-another'), 'planned-start'));

    expect(annotation(pod('nightly-1'), 'released-because')).toBe('deadline');
    expect(annotation(pod('of-another'), 'released-because')).toBeUndefined();
  });

  it('reports how long a Job waited, also after a restart, for the savings of its pods', async () => {
    const { uid = '' } = cluster.create('jobs', suspendedJob('nightly', WAIT, NOON)).metadata;
    const first = await start();
    await until(() => annotation(cluster.get('jobs', 'batch/nightly'), 'planned-start'));
    expect(first.releasedJob(uid)).toBeUndefined();
    clock.set(ONE + HOUR_MS);

    const waited = await until(() => first.releasedJob(uid));
    const again = await start({ lease: { namespace: 'carbon-extender', identity: 'b' } });

    expect(await until(() => again.releasedJob(uid))).toEqual(waited);
    expect(waited).toMatchObject({ uid, slackMs: 6 * HOUR_MS });
    expect(Math.round((waited?.waitedMs ?? 0) / 60_000)).toBe(110);
    cluster.remove('jobs', 'batch/nightly');
    await until(() => again.releasedJob(uid) === undefined);
  });

  it('releases at once what says skip, what has no slack, and what a later hour would not help', async () => {
    cluster.create('pods', gatedPod('skips', { ...WAIT, skip: 'true' }, NOON));
    cluster.create('pods', gatedPod('no-slack', {}, NOON));
    cluster.create('pods', gatedPod('greedy', { ...WAIT, 'max-delay': '40m', 'min-saving': '90' }, NOON));
    cluster.create('pods', gatedPod('nonsense', { 'max-delay': 'soon' }, NOON));
    await start();

    const reason = (name: string) => annotation(pod(name), 'released-because');

    await until(() => ['skips', 'no-slack', 'greedy', 'nonsense'].every(reason));
    expect([reason('skips'), reason('no-slack'), reason('greedy'), reason('nonsense')]).toEqual([
      'skip',
      'no-slack',
      'saving-too-small',
      'no-slack',
    ]);
    const [warning] = await until(
      () => events('InvalidAnnotation'),
      (found) => found.length > 0,
    );
    expect(warning?.message).toContain('carbon-extender.io/max-delay: "soon" is not a duration');
  });

  it('releases everything when the signal is lost', async () => {
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    await start();
    await until(() => annotation(pod('report'), 'planned-start'));

    grid = () => gridState(CLEAN_AT_TWO, NOON, { now: NOON + HOUR_MS, ttlMinutes: 10 });

    await until(
      () => annotation(pod('report'), 'released-because'),
      (reason) => reason === 'signal-lost',
    );
  });

  it('holds a planned pod whose forecast alone is missing for a moment', async () => {
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    await start();
    await until(() => annotation(pod('report'), 'planned-start'));

    grid = () => gridState({ DE: [500] }, NOON, { now: clock.now(), ttlMinutes: 600 });
    clock.set(ONE);
    cluster.create('pods', gatedPod('witness', WAIT, NOON));

    await until(
      () => annotation(pod('witness'), 'released-because'),
      (reason) => reason === 'no-forecast',
    );
    expect(gatesOf(pod('report'))).toContain('carbon-extender.io/wait');
  });

  it('waits for a signal that has never been there since it started, but for no deadline', async () => {
    grid = () => ({ kind: 'missing', reason: 'the poller is starting' });
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    cluster.create('pods', gatedPod('late', { 'max-delay': '1h' }, NOON - HOUR_MS));
    await start();

    await until(
      () => annotation(pod('late'), 'released-because'),
      (reason) => reason === 'deadline',
    );
    expect(gatesOf(pod('report'))).toContain('carbon-extender.io/wait');
  });

  it('waits for the first forecasts, which follow the first intensities', async () => {
    grid = () => gridState({ DE: [500] }, NOON, { now: clock.now(), ttlMinutes: 600 });
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    cluster.create('pods', gatedPod('late', { 'max-delay': '1h' }, NOON - HOUR_MS));
    await start();
    await until(
      () => annotation(pod('late'), 'released-because'),
      (reason) => reason === 'deadline',
    );

    grid = () => gridState(CLEAN_AT_TWO, NOON, { now: clock.now(), ttlMinutes: 600 });
    await until(() => annotation(pod('report'), 'planned-start'));

    expect(annotation(pod('report'), 'released-because')).toBeUndefined();
    expect(gatesOf(pod('report'))).toContain('carbon-extender.io/wait');
  });

  it('removes gates after one period when the signal was stale from the start', async () => {
    grid = () => gridState(CLEAN_AT_TWO, NOON - HOUR_MS, { now: clock.now(), ttlMinutes: 10 });
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    await start();

    await until(() => annotation(pod('report'), 'released-because'));

    expect(annotation(pod('report'), 'released-because')).toBe('signal-lost');
  });

  it('waits for the list of nodes, without which all zones look lost', async () => {
    const planned = { 'planned-start': isoTime(ONE + HOUR_MS), 'planned-zone': 'DE', 'expected-saving': '80.0%' };
    cluster.create('pods', gatedPod('report', { ...WAIT, ...planned }, NOON));
    cluster.create('pods', gatedPod('late', { 'max-delay': '1h' }, NOON - HOUR_MS));
    let zones: ReturnType<DeferralOptions['zones']>;
    await start({ zones: () => zones });
    await until(
      () => annotation(pod('late'), 'released-because'),
      (reason) => reason === 'deadline',
    );
    await until(() => cluster.requests.filter((line) => line.startsWith('PUT')).length > 3);
    expect(annotation(pod('report'), 'released-because')).toBeUndefined();

    zones = [zone('DE')];
    clock.set(ONE + HOUR_MS);

    await until(() => annotation(pod('report'), 'released-because'));
    expect(annotation(pod('report'), 'released-because')).toBe('due');
  });

  it('goes on where a killed controller stopped, from the annotations alone', async () => {
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    const first = await start();
    await until(() => annotation(pod('report'), 'planned-start'));
    await first[Symbol.asyncDispose]();
    const plans = events('WaitingForCleanHour').length;

    await start({ lease: { namespace: 'carbon-extender', identity: 'b' } });
    clock.set(ONE + HOUR_MS);

    await until(
      () => annotation(pod('report'), 'released-because'),
      (reason) => reason === 'due',
    );
    expect(events('WaitingForCleanHour')).toHaveLength(plans);
  });

  it('lets one of two replicas lead, and the other keep deadlines all the same', async () => {
    await start();
    await until(() => cluster.get('leases', 'carbon-extender/carbon-extender-deferral')?.spec.holderIdentity === 'a');
    await start({ lease: { namespace: 'carbon-extender', identity: 'b' } });
    cluster.create('pods', gatedPod('report', WAIT, NOON));

    await until(() => annotation(pod('report'), 'planned-start'));
    expect(cluster.get('leases', 'carbon-extender/carbon-extender-deferral')?.spec.holderIdentity).toBe('a');
    // The Event follows the plan; a second one would come from the other replica.
    await until(() => events('WaitingForCleanHour').length > 0);
    const sent = cluster.requests.length;
    await until(() => cluster.requests.length > sent + 4);
    expect(events('WaitingForCleanHour')).toHaveLength(1);
  });

  it('keeps on after a dropped watch, a forgotten history and an API server that is away', async () => {
    await start();
    cluster.create('pods', gatedPod('first', WAIT, NOON));
    await until(() => annotation(pod('first'), 'planned-start'));

    cluster.failWith = 503;
    cluster.dropWatches();
    cluster.create('pods', gatedPod('second', WAIT, NOON));
    cluster.compact();
    cluster.failWith = undefined;
    clock.set(ONE);

    await until(() => annotation(pod('second'), 'planned-start'));
    clock.set(ONE + HOUR_MS);
    await until(() => ['first', 'second'].every((name) => annotation(pod(name), 'released-because') === 'due'));
  });

  it('spreads what is due over time, those with the nearest deadline first', async () => {
    for (let index = 0; index < 8; index++)
      cluster.create('pods', gatedPod(`p${index}`, { duration: '30m', 'max-delay': `${12 - index}h` }, NOON));
    await start({ releasePerMinute: 240, periodMs: 250 });
    await until(() => cluster.all('pods').every((each) => annotation(each, 'planned-start')));

    clock.set(ONE + HOUR_MS);

    await until(() => cluster.all('pods').every((each) => annotation(each, 'released-because')));
    const order = cluster
      .all('pods')
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ metadata }) => metadata.name);
    expect(order).toEqual(['p7', 'p6', 'p5', 'p4', 'p3', 'p2', 'p1', 'p0']);
    const moments = new Set(cluster.all('pods').map((each) => annotation(each, 'released-at')));
    expect(moments.size).toBeGreaterThan(4);
  });

  it('holds nothing in mode advise, and reports what waiting would save', async () => {
    cluster.create('pods', gatedPod('report', WAIT, NOON));
    await start({ mode: 'advise' });

    await until(
      () => annotation(pod('report'), 'released-because'),
      (reason) => reason === 'advised',
    );
    expect(annotation(pod('report'), 'expected-saving')).toBe('80.0%');
    const [event] = await until(
      () => events('Released'),
      (found) => found.length > 0,
    );
    expect(event?.message).toContain('would be expected to save 80.0 %');
  });

  it('plans with the run time that earlier runs of the same CronJob took', async () => {
    for (const [index, hours] of [3, 3, 3].entries()) {
      const name = `train-2949000${index}`;
      const containerStatuses = [
        { state: { terminated: { startedAt: '2026-03-01T00:00:00Z', finishedAt: `2026-03-01T0${hours}:00:00Z` } } },
      ];
      const ownerReferences = [{ kind: 'Job', name, controller: true }];
      cluster.create('pods', {
        metadata: { name: `${name}-x`, namespace: 'batch', ownerReferences },
        status: { phase: 'Succeeded', containerStatuses },
      });
    }
    // One hour is cleanest at two; three hours are cleanest from five on.
    grid = () =>
      gridState({ DE: [500, 500, 50, 900, 900, 200, 200, 200, 900, 900, 900] }, NOON, {
        now: clock.now(),
        ttlMinutes: 600,
      });
    await start();
    await until(() => cluster.requests.filter((line) => line === 'GET /api/v1/pods').length >= 4);
    const job = gatedPod('train-29490009-y', { 'max-delay': '12h' }, NOON);
    job.metadata.ownerReferences = [{ kind: 'Job', name: 'train-29490009', controller: true }];
    cluster.create('pods', job);
    cluster.create('pods', gatedPod('other', { 'max-delay': '12h' }, NOON));

    await until(
      () => annotation(pod('train-29490009-y'), 'planned-start') && annotation(pod('other'), 'planned-start'),
    );
    expect(annotation(pod('train-29490009-y'), 'planned-start')).toBe('2026-03-02T17:00:00.000Z');
    expect(annotation(pod('other'), 'planned-start')).toBe('2026-03-02T14:00:00.000Z');
  });
});

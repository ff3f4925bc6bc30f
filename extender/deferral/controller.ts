import pLimit from 'p-limit';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { WriteEvent } from '../kubernetes/events.ts';
import type { Action, ReleaseReason } from './action.ts';
import { createActions, type ReleasedWork } from './actions.ts';
import { deadlineOf } from './decide.ts';
import type { DeferralMetrics } from './deferral-metrics.ts';
import { watchEarlierRuns } from './earlier-runs.ts';
import { type Leadership, startLeadership } from './leadership.ts';
import { createNodeRequests } from './node-requests.ts';
import { createReconciler, type DecidedWork, durationOf, type ReconcilerOptions } from './reconcile.ts';
import { createReleaseRate } from './release-rate.ts';
import type { ReleasedJob } from './waiting-job.ts';
import { createWaitingPublisher, type WaitingList } from './waiting-list.ts';
import type { WaitingWork } from './waiting-work.ts';
import { watchSchedulableNodes } from './watch-nodes.ts';
import { watchWaiting } from './watch-waiting.ts';
import { createWorkPieces } from './work-pieces.ts';

/** What the controller runs with. */
export interface DeferralOptions extends Omit<ReconcilerOptions, 'durationOf' | 'usableZones'> {
  readonly client: KubernetesClient;
  readonly lease: { readonly namespace: string; readonly identity: string };
  /** Zone of a node by its name; without it every zone of `zones` counts as usable by every pod. */
  readonly zoneOf?: ((node: string) => Zone | undefined) | undefined;
  readonly writeEvent: WriteEvent;
  /** Called after every release, for the savings ledger. */
  readonly onReleased?: (released: ReleasedWork) => void;
  /** Called with what waits after a reconciliation that changed it. */
  readonly onWaiting?: (list: WaitingList) => void;
  readonly metrics: DeferralMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** New work is reconciled this long after it has appeared, so that a burst is one reconciliation. */
const SETTLE_MS = 500;
/** A signal, or zones, that were never seen since the start count as lost after this: the poller may be starting, too. */
const STARTING_MS = 60_000;
/** Requests to the API server in flight at the same time. */
const CONCURRENCY = 8;

/** A running controller. */
export interface RunningDeferral extends AsyncDisposable {
  /** The wait that the owner of a pod had, by the owner's UID; undefined where it had none. */
  releasedJob(uid: string): ReleasedJob | undefined;
  /** Whether Kueue did not hold back the last work that carried our admission gate and was let go. */
  kueueIgnoresGates(): boolean;
}

/** Starts the controller: it keeps every deadline, plans new work, and releases what is due. */
export function startDeferral(options: DeferralOptions): RunningDeferral {
  const { client, clock, logger, periodMs, lease, metrics, mode, clusterPreferences } = options;
  const stop = new AbortController();
  let wake = new AbortController();
  const onNew = () => wake.abort();
  const waiting = watchWaiting({ client, clock, logger, onNew });
  const earlier = watchEarlierRuns({ client, clock, logger });
  const { zoneOf } = options;
  let ignoresGates = false;
  const onReleased = (released: ReleasedWork) => {
    if (released.work.admission?.workload) ignoresGates = released.reason === 'queue-without-gate';
    options.onReleased?.(released);
  };
  const use = createNodeRequests({ client, clock, logger });
  const nodes = zoneOf && watchSchedulableNodes({ client, zoneOf, use, clock, logger });
  const leadership = startLeadership({
    lease: { client, ...lease },
    retryMs: periodMs,
    onAcquired: onNew,
    ...{ metrics, clock, logger },
  });
  const reconcile = createController({
    ...options,
    onReleased,
    leadership,
    waiting,
    durationOf: earlier.durationOf,
    usableZones: nodes?.zonesFor,
    refreshUse: nodes && use.refresh,
  });
  const { onWaiting = () => undefined } = options;
  const hoursOf = (work: WaitingWork) => durationOf(work, { ...options, durationOf: earlier.durationOf });
  const piecesOf = createWorkPieces({ cache: options.cache, hoursOf });
  const publish = createWaitingPublisher({ mode, clusterPreferences, hoursOf, piecesOf, clock, onWaiting });
  const finished = (async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      const began = clock.monotonic();
      await reconcile(stop.signal).catch((err) =>
        logger.error({ code: 'RECONCILIATION_FAILED', err }, 'a reconciliation of the deferral controller failed'),
      );
      if (waiting.isListed()) publish(waiting.all());
      const left = Math.max(0, periodMs - (clock.monotonic() - began));
      await clock.sleep(left, AbortSignal.any([stop.signal, wake.signal]));
      if (wake.signal.aborted) await clock.sleep(Math.min(SETTLE_MS, periodMs), stop.signal);
    }
  })();
  return {
    releasedJob: waiting.released,
    kueueIgnoresGates: () => ignoresGates,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
      await Promise.all([waiting, earlier, nodes].map((watch) => watch?.[Symbol.asyncDispose]()));
      await leadership[Symbol.asyncDispose]();
    },
  };
}

/** Releases that start a piece of work as a whole; the others concern one pod alone. */
const STARTS: ReadonlySet<ReleaseReason> = new Set(['due', 'deadline', 'cleanest', 'saving-too-small']);

/** What a reconciliation needs beside the options. */
export interface ControllerParts extends DeferralOptions, ReconcilerOptions {
  readonly leadership: Pick<Leadership, 'leads' | 'firstAttempt'>;
  readonly waiting: { all(): readonly WaitingWork[]; running(): readonly WaitingWork[] };
  /** Looks at the pods that have a node: what is free beside them, and which nodes they leave to others; undefined where nodes are not known. */
  readonly refreshUse?: (() => Promise<void>) | undefined;
}

/** Creates the reconciliation of the controller, to be called once per period. */
export function createController(parts: ControllerParts): (signal: AbortSignal) => Promise<void> {
  const { clock, metrics, leadership, waiting } = parts;
  const reconciler = createReconciler(parts);
  const onReleased = (released: ReleasedWork) => {
    if (STARTS.has(released.reason)) reconciler.released(released.work);
    parts.onReleased?.(released);
  };
  const actions = createActions({ ...parts, onReleased });
  const rate = createReleaseRate(parts.releasePerMinute, parts.periodMs);
  const startedAt = clock.monotonic();
  let signalSeen = false;
  return async (signal) => {
    const all = waiting.all();
    for (const kind of ['Pod', 'Job', 'Workload'] as const)
      metrics.waiting.set({ kind }, all.filter((work) => work.kind === kind).length);
    const limit = pLimit(CONCURRENCY);
    const act = (decided: DecidedWork) => limit(() => (signal.aborted ? undefined : actions.act(decided)));
    // Guarantees first and by every replica: they need neither a leader nor its Lease, and keeping them twice does no harm.
    await Promise.all([leadership.firstAttempt, ...reconciler.guaranteed(all).map(act)]);
    signalSeen ||= hasForecast(parts.cache()) && parts.zones() !== undefined;
    // A stale document was written by an earlier poller, which gets one period to write the next.
    const graceMs = parts.cache().kind === 'stale' ? Math.min(parts.periodMs, STARTING_MS) : STARTING_MS;
    const isStarting = !signalSeen && clock.monotonic() - startedAt < graceMs;
    if (!leadership.leads() || isStarting) return;
    if (waiting.all().length > 0) await parts.refreshUse?.();
    const decided = reconciler.decide(waiting.all());
    const due = decided.filter(({ action }) => isSpread(action)).sort(byDeadline);
    const now = clock.monotonic();
    const allowed = due.slice(0, rate.available(now));
    rate.spend(now, allowed.length);
    const atOnce = decided.filter(({ action }) => !isSpread(action));
    await Promise.all([...atOnce, ...allowed, ...reconciler.decideRunning(waiting.running())].map(act));
    await Promise.all(waiting.all().map((work) => limit(() => actions.copyPlan(work))));
  };
}

/** The first document of a poller that has just started has intensities only; its forecasts follow seconds later. */
function hasForecast(cache: CacheState): boolean {
  if (cache.kind !== 'fresh') return false;
  return cache.snapshot.regions.values().some(({ forecast = [] }) => forecast.length > 0);
}

/** Only work that was planned for the same clean hour can be due in a flood. */
function isSpread(action: Action): boolean {
  return action.kind === 'release' && (action.reason === 'due' || action.reason === 'already-started');
}

function byDeadline(a: DecidedWork, b: DecidedWork): number {
  return deadlineOf(a.work) - deadlineOf(b.work);
}

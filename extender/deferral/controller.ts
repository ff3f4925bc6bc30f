import pLimit from 'p-limit';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { PodPreferences } from '../placement/annotations.ts';
import { createActions, type ReleasedWork } from './actions.ts';
import { type Action, deadlineOf } from './decide.ts';
import type { DeferralMetrics } from './deferral-metrics.ts';
import { watchEarlierRuns } from './earlier-runs.ts';
import { type Election, joinElection } from './lease.ts';
import { createRounds, type JudgedWork } from './reconcile.ts';
import { releaseRate } from './release-rate.ts';
import { createWaitingTeller, type WaitingList } from './waiting-list.ts';
import type { ReleasedJob, WaitingWork } from './waiting-work.ts';
import { watchWaiting } from './watch-waiting.ts';

/** What the controller is given. */
export interface DeferralOptions {
  readonly client: KubernetesClient;
  readonly cache: () => CacheState;
  /** Zones that nodes of the cluster stand in; undefined while that is not known. */
  readonly zones: () => readonly Zone[] | undefined;
  /** The cluster's own defaults for every pod. */
  readonly clusterWishes?: PodPreferences;
  readonly mode: 'on' | 'advise';
  readonly periodMs: number;
  readonly releasePerMinute: number;
  readonly defaultDurationHours: number;
  readonly lease: { readonly namespace: string; readonly identity: string };
  /** Told of every release, for the savings ledger. */
  readonly onReleased?: (released: ReleasedWork) => void;
  /** Told what waits after a round that changed it. */
  readonly onWaiting?: (list: WaitingList) => void;
  readonly metrics: DeferralMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** New work is looked at this long after it has appeared, so that a burst is one round. */
const SETTLE_MS = 500;
/** A signal, or zones, that were never there since the start count as lost after this: the poller beside us may be starting too. */
const STARTING_MS = 60_000;
/** Requests to the API server under way at the same time. */
const CONCURRENCY = 8;
/** A Lease outlives this many rounds, and no less than the time. */
const LEASE_ROUNDS = 3;
const SHORTEST_LEASE_MS = 15_000;

/** A running controller. */
export interface RunningDeferral extends AsyncDisposable {
  /** The wait of a Job that was released, by its UID; undefined for any other. */
  releasedJob(uid: string): ReleasedJob | undefined;
}

/** Starts the controller: it keeps every promise, plans what is new, and releases what is due. */
export function startDeferral(options: DeferralOptions): RunningDeferral {
  const { client, clock, logger, periodMs, lease } = options;
  const stop = new AbortController();
  let wake = new AbortController();
  const waiting = watchWaiting({ client, clock, logger, onNew: () => wake.abort() });
  const earlier = watchEarlierRuns({ client, clock, logger });
  const durationMs = Math.max(SHORTEST_LEASE_MS, LEASE_ROUNDS * periodMs);
  const election = joinElection({ client, ...lease, durationMs, clock });
  const round = createController({ ...options, election, waiting, durationOf: earlier.durationOf });
  const { mode, clusterWishes, onWaiting = () => undefined } = options;
  const tell = createWaitingTeller({ mode, clusterWishes, onWaiting });
  const finished = (async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      const began = clock.monotonic();
      await round(stop.signal).catch((err) => logger.error({ err }, 'round of the deferral controller failed'));
      if (waiting.isListed()) tell(waiting.all());
      const left = Math.max(0, periodMs - (clock.monotonic() - began));
      await clock.sleep(left, AbortSignal.any([stop.signal, wake.signal]));
      if (wake.signal.aborted) await clock.sleep(Math.min(SETTLE_MS, periodMs), stop.signal);
    }
  })();
  return {
    releasedJob: waiting.releasedJob,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
      await Promise.all([waiting[Symbol.asyncDispose](), earlier[Symbol.asyncDispose]()]);
      await election[Symbol.asyncDispose]();
    },
  };
}

/** What a round needs beside the options. */
export interface ControllerParts extends DeferralOptions {
  readonly election: Election;
  readonly waiting: { all(): readonly WaitingWork[] };
  readonly durationOf: (namespace: string, owner: string) => number | undefined;
}

/** One round of the controller, to be called once per period. */
export function createController(parts: ControllerParts): (signal: AbortSignal) => Promise<void> {
  const { clock, logger, metrics, election, waiting } = parts;
  const rounds = createRounds(parts);
  const actions = createActions(parts);
  const rate = releaseRate(parts.releasePerMinute, parts.periodMs);
  const startedAt = clock.monotonic();
  let leads = false;
  let signalSeen = false;
  const campaign = async () => {
    const now = await election.hold().catch((err) => {
      metrics.failures.inc({ what: 'lease' });
      if (leads) logger.warn({ err }, 'the Lease of the deferral controller cannot be renewed');
      return false;
    });
    if (now !== leads) logger.info({ leads: now, identity: parts.lease.identity }, 'deferral controller');
    leads = now;
    metrics.leader.set(now ? 1 : 0);
  };
  return async (signal) => {
    const all = waiting.all();
    for (const kind of ['Pod', 'Job'] as const)
      metrics.waiting.set({ kind }, all.filter((work) => work.kind === kind).length);
    const limit = pLimit(CONCURRENCY);
    const act = (judged: JudgedWork) => limit(() => (signal.aborted ? undefined : actions.act(judged)));
    // Promises first and by every replica: they need neither a leader nor its Lease, and doing them twice does no harm.
    await Promise.all([campaign(), ...rounds.promises(all).map(act)]);
    signalSeen ||= parts.cache().kind === 'fresh' && parts.zones() !== undefined;
    // A document that is too old was written by a poller that ran before: it gets the time to write its next, no more.
    const graceMs = parts.cache().kind === 'stale' ? Math.min(parts.periodMs, STARTING_MS) : STARTING_MS;
    const isStarting = !signalSeen && clock.monotonic() - startedAt < graceMs;
    if (!leads || isStarting) return;
    const judged = rounds.judge(waiting.all());
    const due = judged.filter(({ verdict }) => isSpread(verdict)).sort(byDeadline);
    const allowed = due.slice(0, rate.allow(clock.monotonic()));
    rate.spend(allowed.length);
    const atOnce = judged.filter(({ verdict }) => !isSpread(verdict));
    await Promise.all([...atOnce, ...allowed].map(act));
  };
}

/** Only what was planned for one and the same clean hour can come in a flood. */
function isSpread(verdict: Action): boolean {
  return verdict.kind === 'release' && verdict.why === 'due';
}

function byDeadline(a: JudgedWork, b: JudgedWork): number {
  return deadlineOf(a.work) - deadlineOf(b.work);
}

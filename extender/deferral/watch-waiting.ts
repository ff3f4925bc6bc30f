import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { type NamespaceDefaults, readNamespaceDefaults } from '../placement/pod-policy.ts';
import { createOrigins } from './origins.ts';
import { withJob, withOrigin } from './piece-of-work.ts';
import { createVolumeZones } from './volume-zones.ts';
import { type JobFacts, jobFacts, pausableJob, type ReleasedJob, releasedJob, waitingJob } from './waiting-job.ts';
import { hasOwnSlack, type WaitingWork, waitingPod, withDefaults } from './waiting-work.ts';
import { watchQueued } from './watch-queued.ts';

/** Everything that waits, as of the newest events of the API server. */
export interface WaitingWatch extends AsyncDisposable {
  /** Gated pods and suspended Jobs, with the preferences of their namespaces filled in. */
  all(): readonly WaitingWork[];
  /** Jobs that run and may be paused. */
  running(): readonly WaitingWork[];
  /** Whether the pods have been listed: before, none waiting means nothing. */
  isListed(): boolean;
  /**
   * The wait that the owner of a pod had, by the owner's UID: a Job, an object that Kueue queues, or a Job whose own owner
   * is one. Undefined where it had none.
   */
  released(uid: string): ReleasedJob | undefined;
}

interface KnownJob {
  readonly waiting: WaitingWork | undefined;
  readonly released: ReleasedJob | undefined;
  readonly facts: JobFacts;
  /** Started, and may be paused. */
  readonly pausable: WaitingWork | undefined;
}

/** Pods without a node whose containers have not run: the only ones that can be gated. */
export const GATED_PODS = { path: '/api/v1/pods', fieldSelector: 'status.phase=Pending,spec.nodeName=' };

/** Watches gated pods, Jobs, and the namespaces whose defaults they follow. */
export function watchWaiting(options: {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when something has begun to wait, or says `skip` since. */
  readonly onNew: () => void;
}): WaitingWatch {
  const { onNew, ...source } = options;
  const { clock } = options;
  const startedAt = clock.monotonic();
  const onChange = (_key: string, now: WaitingWork | undefined, before: WaitingWork | undefined) => {
    if (now && (!before || now.preferences.skip !== before.preferences.skip)) onNew();
  };
  const pods = watchCollection<WaitingWork>({ ...source, ...GATED_PODS, keep: waitingPod, onChange });
  const byUid = new Map<string, KnownJob>();
  const suspensions = createSuspensionMemory();
  const jobs = watchCollection<KnownJob>({
    ...source,
    path: '/apis/batch/v1/jobs',
    keep: knownJob,
    onChange(key, now, before) {
      onChange(key, now?.waiting, before?.waiting);
      if (before) byUid.delete(before.facts.uid);
      if (now) byUid.set(now.facts.uid, now);
      suspensions.note(now?.facts, before?.facts);
    },
  });
  const namespaces = watchCollection<NamespaceDefaults>({ ...source, path: '/api/v1/namespaces', keep: keptDefaults });
  const queued = watchQueued({ ...source, onNew });
  const located = createLocator(options, (uid) => byUid.get(uid)?.facts);
  return {
    all() {
      const suspended = [...jobs.entries()].flatMap(
        ([, { waiting, pausable, facts }]) =>
          (suspensions.cameLater(facts.uid) ? undefined : waiting) ?? (pausable?.progress?.pausedAt ? pausable : []),
      );
      const gated = [...pods.entries()].map(([, work]) => work);
      const found = [...gated, ...suspended, ...queued.all()].map(located);
      // Until the defaults are known, only deadlines that work has of its own can be kept.
      if (namespaces.ageMs() === undefined) return found.filter(hasOwnSlack).map(asUnresolved(startedAt, clock));
      return found.map((work) => withNamespace(work, namespaces.get(work.namespace)));
    },
    running: () =>
      [...jobs.entries()]
        .flatMap(([, { pausable }]) => (pausable && pausable.progress?.pausedAt === undefined ? pausable : []))
        .map((work) => withNamespace(located(work), namespaces.get(work.namespace))),
    isListed: () => pods.ageMs() !== undefined,
    released(uid) {
      const job = byUid.get(uid);
      return job?.released ?? queued.released(uid) ?? queued.released(job?.facts.controllerUid ?? '');
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([pods, jobs, namespaces, queued].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/**
 * Remembers Jobs that were seen to run and are suspended now: by somebody else, unless we have paused them. Kubernetes keeps
 * no trace of a start that a suspension has undone.
 */
function createSuspensionMemory() {
  const later = new Set<string>();
  return {
    note(now: JobFacts | undefined, before: JobFacts | undefined) {
      if (before && before.uid !== now?.uid) later.delete(before.uid);
      if (now && !now.isSuspended) later.delete(now.uid);
      else if (now && before?.uid === now.uid && !before.isSuspended) later.add(now.uid);
    },
    cameLater: (uid: string) => later.has(uid),
  };
}

/** Creates what relates work to its owners and volumes. */
function createLocator(
  { onNew, ...source }: Parameters<typeof watchWaiting>[0],
  jobOf: (uid: string) => JobFacts | undefined,
): (work: WaitingWork) => WaitingWork {
  const origins = createOrigins({ ...source, onFound: onNew });
  const volumes = createVolumeZones({ ...source, onFound: onNew });
  return (work) => {
    const { controller, namespace, requirements } = work;
    const job = controller?.uid ? jobOf(controller.uid) : undefined;
    const placed = job || !controller ? withJob(work, job) : withOrigin(work, origins.of(namespace, controller));
    if (requirements.claims.length + requirements.storageClasses.length === 0) return placed;
    const selectors = volumes.selectorsOf(namespace, requirements);
    if (selectors === 'pending') return { ...placed, isUnresolved: true };
    return { ...placed, requirements: { ...requirements, selectors: [...requirements.selectors, ...selectors] } };
  };
}

function knownJob(object: unknown): KnownJob {
  return {
    waiting: waitingJob(object),
    released: releasedJob(object),
    facts: jobFacts(object),
    pausable: pausableJob(object),
  };
}

/** What the annotations of a namespace object set for its pods: preferences and mode. */
export function namespaceDefaults(object: unknown): NamespaceDefaults {
  const { metadata } = object as { metadata?: { annotations?: Readonly<Record<string, string>> } };
  return readNamespaceDefaults(metadata?.annotations);
}

function keptDefaults(object: unknown): NamespaceDefaults | undefined {
  const { preferences, mode, invalid } = namespaceDefaults(object);
  return mode === undefined && Object.keys(preferences).length === 0 ? undefined : { preferences, mode, invalid };
}

/** Without the right to list namespaces their defaults never come: decisions are made without them after half a minute. */
const NAMESPACES_MS = 30_000;

function asUnresolved(startedAt: number, clock: Clock): (work: WaitingWork) => WaitingWork {
  const isUnresolved = clock.monotonic() - startedAt < NAMESPACES_MS;
  return (work) => (isUnresolved ? { ...work, isUnresolved } : work);
}

/** Work with preferences and mode of its namespace behind its own. */
export function withNamespace(work: WaitingWork, defaults: NamespaceDefaults | undefined): WaitingWork {
  return defaults === undefined ? work : { ...withDefaults(work, defaults.preferences), mode: defaults.mode };
}

import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { mergePreferences, type PodPreferences, parseAnnotations } from '../placement/annotations.ts';
import { type ReleasedJob, releasedJob, type WaitingWork, waitingJob, waitingPod } from './waiting-work.ts';

/** Everything that waits, as of the newest events of the API server. */
export interface WaitingWatch extends AsyncDisposable {
  /** Gated pods and suspended Jobs, with the wishes of their namespaces filled in. */
  all(): readonly WaitingWork[];
  /** Whether the pods have been listed: before, none waiting means nothing. */
  isListed(): boolean;
  /** The wait of a Job that was released, by its UID; undefined for any other. */
  releasedJob(uid: string): ReleasedJob | undefined;
}

interface KnownJob {
  readonly waiting: WaitingWork | undefined;
  readonly released: ReleasedJob | undefined;
}

/** Pods that no node has and that no container of which has run: the only ones that can stand behind a gate. */
export const GATED_PODS = { path: '/api/v1/pods', fieldSelector: 'status.phase=Pending,spec.nodeName=' };

/** Watches gated pods, suspended Jobs, and the namespaces whose defaults they follow. */
export function watchWaiting(options: {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when something has begun to wait, or has said `skip` since. */
  readonly onNew: () => void;
}): WaitingWatch {
  const { onNew, ...source } = options;
  const onChange = (_key: string, now: WaitingWork | undefined, before: WaitingWork | undefined) => {
    if (now && (!before || now.wishes.skip !== before.wishes.skip)) onNew();
  };
  const pods = watchCollection<WaitingWork>({ ...source, ...GATED_PODS, keep: waitingPod, onChange });
  const released = new Map<string, ReleasedJob>();
  const jobs = watchCollection<KnownJob>({
    ...source,
    path: '/apis/batch/v1/jobs',
    keep: knownJob,
    onChange(key, now, before) {
      onChange(key, now?.waiting, before?.waiting);
      if (before?.released) released.delete(before.released.uid);
      if (now?.released) released.set(now.released.uid, now.released);
    },
  });
  const namespaces = watchCollection<PodPreferences>({ ...source, path: '/api/v1/namespaces', keep: namespaceWishes });
  return {
    all() {
      const suspended = [...jobs.entries()].flatMap(([, { waiting }]) => waiting ?? []);
      const gated = [...pods.entries()].map(([, work]) => sinceItsJob(work, released));
      const found = [...gated, ...suspended];
      // While the defaults are not known, only work that says itself how long it may wait can be judged.
      if (namespaces.ageMs() === undefined) return found.filter(hasOwnSlack);
      return found.map((work) => withDefaults(work, namespaces.get(work.namespace)));
    },
    isListed: () => pods.ageMs() !== undefined,
    releasedJob: (uid) => released.get(uid),
    async [Symbol.asyncDispose]() {
      await Promise.all([pods, jobs, namespaces].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** A pod whose Job has waited came as much earlier: what may wait for six hours does not wait for twelve. */
function sinceItsJob(work: WaitingWork, released: ReadonlyMap<string, ReleasedJob>): WaitingWork {
  const waited = work.job === undefined ? undefined : released.get(work.job);
  return waited === undefined ? work : { ...work, createdAt: work.createdAt - waited.waitedMs };
}

function knownJob(object: unknown): KnownJob | undefined {
  const known = { waiting: waitingJob(object), released: releasedJob(object) };
  return known.waiting || known.released ? known : undefined;
}

/** The wishes that a namespace states for its pods. */
export function namespaceWishes(object: unknown): PodPreferences | undefined {
  const { metadata } = object as { metadata?: { annotations?: Readonly<Record<string, string>> } };
  const { preferences: wishes } = parseAnnotations(metadata?.annotations);
  return Object.keys(wishes).length === 0 ? undefined : wishes;
}

function hasOwnSlack({ wishes: { skip, maxDelayMs, deadline } }: WaitingWork): boolean {
  return skip === true || maxDelayMs !== undefined || deadline !== undefined;
}

/** Work with the wishes of its namespace behind its own. */
export function withDefaults(work: WaitingWork, defaults: PodPreferences | undefined): WaitingWork {
  return defaults === undefined ? work : { ...work, wishes: mergePreferences(work.wishes, defaults) };
}

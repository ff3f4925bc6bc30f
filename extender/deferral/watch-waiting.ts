import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { mergePreferences, type PodPreferences, parseAnnotations } from '../placement/annotations.ts';
import { type ReleasedJob, releasedJob, type WaitingWork, waitingJob, waitingPod } from './waiting-work.ts';

/** Everything that waits, as of the newest events of the API server. */
export interface WaitingWatch extends AsyncDisposable {
  /** Gated pods and suspended Jobs, with the preferences of their namespaces filled in. */
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

/** Pods without a node whose containers have not run: the only ones that can be gated. */
export const GATED_PODS = { path: '/api/v1/pods', fieldSelector: 'status.phase=Pending,spec.nodeName=' };

/** Watches gated pods, suspended Jobs, and the namespaces whose defaults they follow. */
export function watchWaiting(options: {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when something has begun to wait, or says `skip` since. */
  readonly onNew: () => void;
}): WaitingWatch {
  const { onNew, ...source } = options;
  const onChange = (_key: string, now: WaitingWork | undefined, before: WaitingWork | undefined) => {
    if (now && (!before || now.preferences.skip !== before.preferences.skip)) onNew();
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
  const namespaces = watchCollection<PodPreferences>({
    ...source,
    path: '/api/v1/namespaces',
    keep: namespacePreferences,
  });
  return {
    all() {
      const suspended = [...jobs.entries()].flatMap(([, { waiting }]) => waiting ?? []);
      const gated = [...pods.entries()].map(([, work]) => sinceItsJob(work, released));
      const found = [...gated, ...suspended];
      // Until the defaults are known, only work that says itself how long it may wait can be decided about.
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

/** A pod whose Job has waited counts as created that much earlier: what may wait for six hours does not wait for twelve. */
function sinceItsJob(work: WaitingWork, released: ReadonlyMap<string, ReleasedJob>): WaitingWork {
  const waited = work.job === undefined ? undefined : released.get(work.job);
  return waited === undefined ? work : { ...work, createdAt: work.createdAt - waited.waitedMs };
}

function knownJob(object: unknown): KnownJob | undefined {
  const known = { waiting: waitingJob(object), released: releasedJob(object) };
  return known.waiting || known.released ? known : undefined;
}

/** The preferences that a namespace's annotations set for its pods; undefined where they set none. */
export function namespacePreferences(object: unknown): PodPreferences | undefined {
  const { metadata } = object as { metadata?: { annotations?: Readonly<Record<string, string>> } };
  const { preferences } = parseAnnotations(metadata?.annotations);
  return Object.keys(preferences).length === 0 ? undefined : preferences;
}

function hasOwnSlack({ preferences: { skip, maxDelayMs, deadline } }: WaitingWork): boolean {
  return skip === true || maxDelayMs !== undefined || deadline !== undefined;
}

/** Work with the preferences of its namespace behind its own. */
export function withDefaults(work: WaitingWork, defaults: PodPreferences | undefined): WaitingWork {
  return defaults === undefined ? work : { ...work, preferences: mergePreferences(work.preferences, defaults) };
}

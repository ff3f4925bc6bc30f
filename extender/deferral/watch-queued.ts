import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { type CollectionOptions, watchCollection } from '../kubernetes/collection.ts';
import { type LocalQueue, localQueueOf, type OwnedWorkload, quotaOf, workloadOf } from './kueue-objects.ts';
import { QUEUE_NAME, type QueuedObject, queuedObjectOf, resourcePath } from './kueue-work.ts';
import { type QueuedKinds, queuedKinds } from './queued-kinds.ts';
import type { Space } from './space.ts';
import type { ReleasedJob } from './waiting-job.ts';
import { hasOwnSlack, type WaitingWork, withDefaults } from './waiting-work.ts';

/** Everything that waits behind our admission gate in Kueue. */
export interface QueuedWatch extends AsyncDisposable {
  /** With the defaults of their LocalQueues, and with Kueue's own objects about them. */
  all(): readonly WaitingWork[];
  /** The wait of an object that was released, by its UID; undefined for any other. */
  released(uid: string): ReleasedJob | undefined;
}

/** Custom resources may be installed at any time. */
const DISCOVERY_MS = 300_000;
/** Without the right to list LocalQueues their defaults never come: decisions are made without them after this. */
const LISTED_MS = 30_000;

/** What the watches of Kueue's objects are made with. */
interface QueuedSource {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when something has begun to wait. */
  readonly onNew: () => void;
}

/** Watches the queued objects of every kind that the cluster has, and looks for new kinds from time to time. */
export function watchQueued(options: QueuedSource): QueuedWatch {
  const { client, clock, logger } = options;
  const stop = new AbortController();
  const watched = createWatches(options);
  const finished = (async () => {
    while (!stop.signal.aborted) {
      try {
        const kinds = await queuedKinds(client);
        if (kinds && !stop.signal.aborted) watched.follow(kinds);
      } catch (err) {
        logger.debug({ err }, 'could not find out which kinds Kueue queues here');
      }
      await clock.sleep(DISCOVERY_MS, stop.signal);
    }
  })();
  return {
    all: watched.all,
    released: watched.released,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
      await watched[Symbol.asyncDispose]();
    },
  };
}

/** Objects of a kind that Kueue queues, and what is remembered of them. */
function createQueuedObjects({ onNew }: QueuedSource) {
  const objects = new Map<string, QueuedObject>();
  const releases = new Map<string, ReleasedJob>();
  return {
    onChange(key: string, now?: QueuedObject, before?: QueuedObject) {
      if (before?.released) releases.delete(before.released.uid);
      if (now?.released) releases.set(now.released.uid, now.released);
      if (now) objects.set(key, now);
      else objects.delete(key);
      if (now?.waiting && !before?.waiting) onNew();
    },
    waiting: () => [...objects.values()].flatMap(({ waiting }) => waiting ?? []),
    released: (uid: string) => releases.get(uid),
  };
}

function createWatches(source: QueuedSource) {
  const { client, clock, logger } = source;
  const startedAt = clock.monotonic();
  const watches = new Map<string, AsyncDisposable>();
  let listed = () => false;
  const queued = createQueuedObjects(source);
  const queues = new Map<string, LocalQueue>();
  const quotas = new Map<string, Space>();
  const workloads = new Map<string, OwnedWorkload>();
  const follow = <Kept>(path: string, how: Pick<CollectionOptions<Kept>, 'keep' | 'onChange' | 'labelSelector'>) => {
    if (watches.has(path)) return undefined;
    const watch = watchCollection({ client, clock, logger, path, ...how });
    watches.set(path, watch);
    return watch;
  };
  return {
    follow({ kueue, resources }: QueuedKinds) {
      const localQueues = follow(resourcePath({ apiVersion: kueue, plural: 'localqueues' }), {
        keep: localQueueOf,
        onChange: (key, now) => (now ? queues.set(key, now) : queues.delete(key)),
      });
      if (localQueues) listed = () => localQueues.ageMs() !== undefined;
      follow(resourcePath({ apiVersion: kueue, plural: 'clusterqueues' }), {
        keep: quotaOf,
        onChange: (key, now) => (now ? quotas.set(key, now) : quotas.delete(key)),
      });
      follow(resourcePath({ apiVersion: kueue, plural: 'workloads' }), {
        keep: (object) => workloadOf(object, kueue),
        onChange(_key, now, before) {
          for (const owner of before?.owners ?? []) workloads.delete(owner);
          for (const owner of now?.owners ?? []) if (now) workloads.set(owner, now);
        },
      });
      for (const resource of resources)
        follow<QueuedObject>(resourcePath(resource), {
          keep: (object) => queuedObjectOf(object, resource),
          onChange: (key, now, before) => queued.onChange(`${resource.plural} ${key}`, now, before),
          labelSelector: QUEUE_NAME,
        });
    },
    all() {
      // A LocalQueue that is not known yet may let its work wait.
      const isListed = listed() || clock.monotonic() - startedAt > LISTED_MS;
      const waiting = isListed ? queued.waiting() : queued.waiting().filter(hasOwnSlack);
      return waiting.map((work) => {
        const { admission, namespace, uid } = work;
        if (!admission) return work;
        const { defaults, clusterQueue = '' } = queues.get(`${namespace}/${admission.queue}`) ?? {};
        const known = { workload: workloads.get(uid), quota: quotas.get(clusterQueue) };
        return withDefaults({ ...work, admission: { ...admission, ...known } }, defaults?.preferences);
      });
    },
    released: queued.released,
    async [Symbol.asyncDispose]() {
      await Promise.all([...watches.values()].map((watch) => watch[Symbol.asyncDispose]()));
    },
  };
}

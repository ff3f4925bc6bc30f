import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { type WatchedCollection, watchCollection } from '../kubernetes/collection.ts';
import { QUEUE_NAME, QUEUED_KINDS, type QueuedResource, queuedWork } from './kueue-work.ts';
import type { WaitingWork } from './waiting-work.ts';

/** Everything that waits behind our admission gate in Kueue. */
export interface QueuedWatch extends AsyncDisposable {
  all(): readonly WaitingWork[];
}

/** Custom resources may be installed at any time. */
const DISCOVERY_MS = 300_000;

const groupObject = z.object({
  preferredVersion: z.object({ groupVersion: z.string() }),
});
const resourceList = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** The kinds that Kueue queues and this cluster has; none where it has no Kueue. */
export async function queuedResources(client: Pick<KubernetesClient, 'request'>): Promise<readonly QueuedResource[]> {
  if ((await versionOf(client, 'kueue.x-k8s.io')) === undefined) return [];
  const found: QueuedResource[] = [];
  for (const group of new Set(QUEUED_KINDS.map(({ group }) => group))) {
    const apiVersion = await versionOf(client, group);
    if (apiVersion === undefined) continue;
    const { resources } = resourceList.parse(await client.request('GET', `/apis/${apiVersion}`));
    const plurals = new Set(resources.map(({ name }) => name));
    for (const { kind, plural, group: of } of QUEUED_KINDS)
      if (of === group && plurals.has(plural)) found.push({ apiVersion, kind, plural });
  }
  return found;
}

/** Watches the queued objects of every kind that the cluster has, and looks for new kinds from time to time. */
export function watchQueued(options: {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when something has begun to wait. */
  readonly onNew: () => void;
}): QueuedWatch {
  const { client, clock, logger, onNew } = options;
  const stop = new AbortController();
  const watches = new Map<string, WatchedCollection<WaitingWork>>();
  const follow = (resource: QueuedResource) => {
    const path = `/apis/${resource.apiVersion}/${resource.plural}`;
    if (watches.has(path)) return;
    const keep = (object: unknown) => queuedWork(object, resource);
    const onChange = (_key: string, now?: WaitingWork, before?: WaitingWork) => now && !before && onNew();
    watches.set(path, watchCollection({ client, clock, logger, path, labelSelector: QUEUE_NAME, keep, onChange }));
  };
  const finished = (async () => {
    while (!stop.signal.aborted) {
      try {
        for (const resource of await queuedResources(client)) follow(resource);
      } catch (err) {
        logger.debug({ err }, 'could not find out which kinds Kueue queues here');
      }
      await clock.sleep(DISCOVERY_MS, stop.signal);
    }
  })();
  return {
    all: () => [...watches.values()].flatMap((watch) => [...watch.entries()].map(([, work]) => work)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
      await Promise.all([...watches.values()].map((watch) => watch[Symbol.asyncDispose]()));
    },
  };
}

async function versionOf(client: Pick<KubernetesClient, 'request'>, group: string): Promise<string | undefined> {
  try {
    return groupObject.parse(await client.request('GET', `/apis/${group}`)).preferredVersion.groupVersion;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

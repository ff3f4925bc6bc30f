import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { localQueueDefaults } from '../deferral/kueue-objects.ts';
import { resourcePath } from '../deferral/kueue-work.ts';
import { kueueVersion } from '../deferral/queued-kinds.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import type { PodPreferences } from '../placement/annotations.ts';
import type { NamespaceDefaults } from '../placement/pod-policy.ts';

/** What the LocalQueues of Kueue set for the work in them. */
export interface QueueDefaults {
  /** Undefined where the queue sets nothing, is not known (yet), or the cluster has no Kueue. */
  of(namespace: string, queue: string): PodPreferences | undefined;
}

/** Kueue may be installed at any time. */
const DISCOVERY_MS = 60_000;

/** Follows the LocalQueues of a cluster from the time on at which it has Kueue. */
export function watchQueueDefaults(options: {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
}): QueueDefaults & AsyncDisposable {
  const { client, clock, logger } = options;
  const stack = new AsyncDisposableStack();
  let queues: ReturnType<typeof watchCollection<NamespaceDefaults>> | undefined;
  const task = async () => {
    if (queues !== undefined) return;
    const apiVersion = await kueueVersion(client).catch(() => undefined);
    if (apiVersion === undefined) return;
    const path = resourcePath({ apiVersion, plural: 'localqueues' });
    queues = stack.use(watchCollection<NamespaceDefaults>({ ...options, path, keep: localQueueDefaults }));
  };
  const looking = startLoop({ name: 'LocalQueues', intervalMs: DISCOVERY_MS, clock, logger, task });
  return {
    of: (namespace, queue) => queues?.get(`${namespace}/${queue}`)?.preferences,
    async [Symbol.asyncDispose]() {
      await looking[Symbol.asyncDispose]();
      await stack.disposeAsync();
    },
  };
}

import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { watchCollection } from '../kubernetes/collection.ts';

/** A pod that has just been given a node. */
export interface BoundPod {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string;
}

const podObject = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  spec: z.object({ nodeName: z.string() }),
});

/**
 * Tells of pods as they are bound. Watches only pods that have a node and do not run yet: every pod comes by there, and
 * few stay, so that the watch holds little of a cluster however large.
 */
export function watchBindings(
  client: KubernetesClient,
  { clock, logger, onBound }: { clock: Clock; logger: Logger; onBound: (bound: BoundPod) => void },
): AsyncDisposable {
  return watchCollection<BoundPod>({
    client,
    path: '/api/v1/pods',
    fieldSelector: 'spec.nodeName!=,status.phase=Pending',
    keep(object) {
      const { metadata, spec } = podObject.parse(object);
      return { namespace: metadata.namespace, pod: metadata.name, uid: metadata.uid, node: spec.nodeName };
    },
    onChange(_key, now, before) {
      if (now !== undefined && now.uid !== before?.uid) onBound(now);
    },
    clock,
    logger,
  });
}

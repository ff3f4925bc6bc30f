import { z } from 'zod';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { controllerOf, ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { QUEUE_NAME } from '../deferral/kueue-work.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { ANNOTATION_PREFIX } from './annotations.ts';

/** A pod that has just been given a node. */
export interface BoundPod {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly node: string;
  /** When the pod was made; null when it does not say. */
  readonly arrivedAt: EpochMs | null;
  /** When the deferral controller released it; null for a pod that it did not hold. */
  readonly releasedAt: EpochMs | null;
  /** The controller of the pod; null for a pod of its own. */
  readonly owner: { readonly kind: string; readonly name: string; readonly uid: string } | null;
  readonly annotations: Readonly<Record<string, string>>;
  /** Kueue queued the pod by itself: after its release it waited for quota, which is not the wait that saves. */
  readonly isQueued: boolean;
}

const podObject = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    creationTimestamp: z.string().nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences,
  }),
  spec: z.object({ nodeName: z.string() }),
});

/**
 * Reports pods as they are bound. Watches only pods that have a node and do not run yet: every pod passes that state, and
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
      const { namespace, name, uid, creationTimestamp } = metadata;
      const annotations = metadata.annotations ?? {};
      const released = annotations[`${ANNOTATION_PREFIX}released-at`];
      const times = { arrivedAt: timeOf(creationTimestamp), releasedAt: timeOf(released) };
      const owner = controllerOf(metadata.ownerReferences);
      return {
        ...{ namespace, pod: name, uid, node: spec.nodeName, ...times, annotations },
        isQueued: metadata.labels?.[QUEUE_NAME] !== undefined,
        owner: owner ? { kind: owner.kind, name: owner.name, uid: owner.uid ?? '' } : null,
      };
    },
    onChange(_key, now, before) {
      if (now !== undefined && now.uid !== before?.uid) onBound(now);
    },
    clock,
    logger,
  });
}

function timeOf(text: string | null | undefined): EpochMs | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : time;
}

import { z } from 'zod';
import type { PodLabels, PowerWriter } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { listObjects } from '../../shared/runtime/kubernetes/list.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';

/** Between two lists of all pods, in milliseconds; a pod that lives shorter may stay without labels. */
const EVERY_MS = 60_000;
// Names and labels only: whole pods are fifty times as large.
const ACCEPT = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io, application/json';

const podObject = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
});

/** What the task is given. */
export interface PodLabelsOptions {
  readonly client: KubernetesClient;
  readonly store: Pick<PowerWriter, 'recordLabels'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records the labels of all pods once a minute, so that emissions can be added up by label. */
export function startPodLabelsTask({ client, store, clock, logger }: PodLabelsOptions): AsyncDisposable {
  const known = new Map<string, string>();
  return startLoop({
    name: 'pod labels',
    intervalMs: EVERY_MS,
    clock,
    logger,
    task: async () => {
      const pods = await listPods(client);
      const changed = pods.filter((pod) => known.get(keyOf(pod)) !== JSON.stringify(pod.labels));
      if (changed.length > 0) await store.recordLabels?.(changed, clock.now());
      known.clear();
      for (const pod of pods) known.set(keyOf(pod), JSON.stringify(pod.labels));
    },
  });
}

async function listPods(client: KubernetesClient): Promise<PodLabels[]> {
  const pods: PodLabels[] = [];
  for await (const object of listObjects(client, '/api/v1/pods', { accept: ACCEPT })) {
    const { namespace, name, labels } = podObject.parse(object).metadata;
    pods.push({ namespace, pod: name, labels: labels ?? {} });
  }
  return pods;
}

function keyOf({ namespace, pod }: PodLabels): string {
  return `${namespace}/${pod}`;
}

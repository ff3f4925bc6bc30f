import { z } from 'zod';
import type { PodLabels, PowerWriter } from '../../shared/records/power.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { startLoop } from '../../shared/runtime/loop.ts';
import { askCluster, type ClusterAccess } from './cluster-api.ts';

/** Between two lists of all pods, in milliseconds; a pod that lives shorter may stay without labels. */
const EVERY_MS = 60_000;
const PAGE = 500;
// Names and labels only: whole pods are fifty times as large.
const ACCEPT = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io, application/json';

const podList = z.object({
  metadata: z.object({ continue: z.string().nullish() }).nullish(),
  items: z.array(
    z.object({
      metadata: z.object({
        namespace: z.string(),
        name: z.string(),
        labels: z.record(z.string(), z.string()).nullish(),
      }),
    }),
  ),
});

/** What the task is given. */
export interface PodLabelsOptions {
  readonly access: ClusterAccess;
  readonly store: Pick<PowerWriter, 'recordLabels'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records the labels of all pods once a minute, so that emissions can be added up by label. */
export function startPodLabelsTask({ access, store, clock, logger }: PodLabelsOptions): AsyncDisposable {
  const known = new Map<string, string>();
  return startLoop({
    name: 'pod labels',
    intervalMs: EVERY_MS,
    clock,
    logger,
    task: async () => {
      const pods = await listPods(access);
      const changed = pods.filter((pod) => known.get(keyOf(pod)) !== JSON.stringify(pod.labels));
      if (changed.length > 0) await store.recordLabels?.(changed, clock.now());
      known.clear();
      for (const pod of pods) known.set(keyOf(pod), JSON.stringify(pod.labels));
    },
  });
}

async function listPods(access: ClusterAccess): Promise<PodLabels[]> {
  const pods: PodLabels[] = [];
  let next: string | undefined;
  do {
    const query = `limit=${PAGE}${next ? `&continue=${encodeURIComponent(next)}` : ''}`;
    const page = podList.parse(await askCluster(access, `/api/v1/pods?${query}`, ACCEPT));
    for (const { metadata } of page.items)
      pods.push({ namespace: metadata.namespace, pod: metadata.name, labels: metadata.labels ?? {} });
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return pods;
}

function keyOf({ namespace, pod }: PodLabels): string {
  return `${namespace}/${pod}`;
}

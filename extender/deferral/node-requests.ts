import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { KubernetesError } from '../../shared/runtime/kubernetes/kubernetes-error.ts';
import { listObjects } from '../../shared/runtime/kubernetes/list.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { type BoundPods, createPodGroups, indexBoundPods, type PlacedPod } from './bound-pods.ts';
import type { Labels } from './label-selector.ts';
import { podSpec, requirementsOf } from './pod-requirements.ts';
import type { Amounts } from './space.ts';

/** The pods on each node and what they request, as of the last look. */
export interface NodeRequests {
  /** Undefined until the pods have been listed. */
  pods(): BoundPods | undefined;
  /** Requested amounts of a node; undefined until the pods have been listed. */
  of(node: string): Amounts | undefined;
  /** Grows with each look. */
  readonly version: number;
  /** Looks again where the last look is older than ten minutes. Never rejects: what was seen before stays. */
  refresh(): Promise<void>;
}

/** Plans are by the hour: a watch of every pod of a cluster would cost more than it could improve. */
const REMEMBERED_MS = 600_000;
const PAGE = 100;
const BOUND = 'spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed';

const labels = z.record(z.string(), z.string()).nullish();
const boundPod = z.object({
  metadata: z.object({ namespace: z.string().default('default'), labels, deletionTimestamp: z.string().nullish() }),
  spec: podSpec.extend({ nodeName: z.string() }),
});
const namespaceObject = z.object({ metadata: z.object({ name: z.string(), labels }) });

/** Lists the pods that have a node from time to time, while somebody wants to know. */
export function createNodeRequests(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): NodeRequests {
  const { client, clock, logger } = options;
  let used: ReadonlyMap<string, Amounts> | undefined;
  let pods: BoundPods | undefined;
  let lookedAt: number | undefined;
  let version = 0;
  const look = async () => {
    const found = new Map<string, Record<string, number>>();
    const bound = createPodGroups();
    for await (const object of listObjects(client, '/api/v1/pods', { fieldSelector: BOUND, pageSize: PAGE })) {
      const { success, data } = boundPod.safeParse(object);
      if (!success) continue;
      const pod = boundPodOf(data);
      bound.add(pod);
      const sum = found.get(pod.node) ?? {};
      found.set(pod.node, sum);
      for (const [name, amount] of Object.entries(pod.requests)) sum[name] = (sum[name] ?? 0) + amount;
    }
    pods = indexBoundPods(bound.all(), await namespaceLabels(client));
    used = found;
    version += 1;
  };
  return {
    pods: () => pods,
    of: (node) => used && (used.get(node) ?? {}),
    get version() {
      return version;
    },
    async refresh() {
      if (lookedAt !== undefined && clock.monotonic() - lookedAt < REMEMBERED_MS) return;
      lookedAt = clock.monotonic();
      await look().catch((err) => logger.debug({ err }, 'could not list the pods that have a node'));
    },
  };
}

function boundPodOf({ metadata, spec }: z.output<typeof boundPod>): PlacedPod & { readonly requests: Amounts } {
  const { requests, peers } = requirementsOf(spec, metadata.labels ?? {});
  return {
    ...{ namespace: metadata.namespace, labels: metadata.labels ?? {}, node: spec.nodeName, requests, peers },
    isTerminating: Boolean(metadata.deletionTimestamp),
  };
}

/** Labels by namespace; none where the account may not list them. */
async function namespaceLabels(client: Pick<KubernetesClient, 'request'>): Promise<ReadonlyMap<string, Labels>> {
  const found = new Map<string, Labels>();
  try {
    for await (const object of listObjects(client, '/api/v1/namespaces')) {
      const { success, data } = namespaceObject.safeParse(object);
      if (success) found.set(data.metadata.name, data.metadata.labels ?? {});
    }
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 403) throw error;
  }
  return found;
}

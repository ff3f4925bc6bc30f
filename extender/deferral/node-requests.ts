import { z } from 'zod';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { listObjects } from '../../shared/runtime/kubernetes/list.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { podSpec, requirementsOf } from './pod-requirements.ts';
import type { Amounts } from './space.ts';

/** What the pods on each node request, as of the last look. */
export interface NodeRequests {
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

const boundPod = z.object({ spec: podSpec.extend({ nodeName: z.string() }) });

/** Lists the pods that have a node from time to time, while somebody wants to know. */
export function createNodeRequests(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): NodeRequests {
  const { client, clock, logger } = options;
  let used: ReadonlyMap<string, Amounts> | undefined;
  let lookedAt: number | undefined;
  let version = 0;
  const look = async () => {
    const found = new Map<string, Record<string, number>>();
    for await (const object of listObjects(client, '/api/v1/pods', { fieldSelector: BOUND, pageSize: PAGE })) {
      const { success, data } = boundPod.safeParse(object);
      if (!success) continue;
      const sum = found.get(data.spec.nodeName) ?? {};
      found.set(data.spec.nodeName, sum);
      for (const [name, amount] of Object.entries(requirementsOf(data.spec).requests))
        sum[name] = (sum[name] ?? 0) + amount;
    }
    used = found;
    version += 1;
  };
  return {
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

import { z } from 'zod';
import { learntDuration } from '../../shared/deferral/durations.ts';
import { HOUR_MS } from '../../shared/grid/units.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { KubernetesClient } from '../../shared/runtime/kubernetes/client.ts';
import { ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import { watchCollection } from '../kubernetes/collection.ts';
import { ownerName } from './waiting-work.ts';

/** How long the finished pods of each owner ran. */
export interface EarlierRuns extends AsyncDisposable {
  /** Hours to plan with; undefined until the cluster holds three finished runs. */
  durationOf(namespace: string, owner: string): number | undefined;
}

const terminated = z.object({
  state: z.object({
    terminated: z.object({ startedAt: z.iso.datetime(), finishedAt: z.iso.datetime() }).nullish(),
  }),
});
const finishedPod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().default('default'),
    uid: z.string(),
    ownerReferences,
  }),
  status: z.object({ containerStatuses: z.array(terminated).nullish() }),
});

interface Run {
  readonly owner: string;
  readonly hours: number;
  readonly endedAt: number;
}

const MOST_RUNS = 50;
const MOST_OWNERS = 5_000;

/** Watches succeeded pods and remembers their run times by owner, from the containers' own start to their end. */
export function watchEarlierRuns(options: {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
}): EarlierRuns {
  const byOwner = new Map<string, Run[]>();
  const collection = watchCollection<Run>({
    ...options,
    path: '/api/v1/pods',
    fieldSelector: 'status.phase=Succeeded',
    keep: readRun,
    onChange(_key, now, before) {
      if (now === undefined || before !== undefined) return;
      const runs = byOwner.get(now.owner) ?? [];
      byOwner.delete(now.owner);
      byOwner.set(now.owner, [...runs, now].sort((a, b) => a.endedAt - b.endedAt).slice(-MOST_RUNS));
      for (const owner of byOwner.keys()) {
        if (byOwner.size <= MOST_OWNERS) break;
        byOwner.delete(owner);
      }
    },
  });
  return {
    durationOf: (namespace, owner) =>
      learntDuration((byOwner.get(`${namespace}/${owner}`) ?? []).map(({ hours }) => hours)),
    [Symbol.asyncDispose]: () => collection[Symbol.asyncDispose](),
  };
}

/** The run of a finished pod; undefined where its containers do not say when they ran. */
export function readRun(object: unknown): Run | undefined {
  const { metadata, status } = finishedPod.parse(object);
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const { state } of status.containerStatuses ?? []) {
    if (!state.terminated) continue;
    start = Math.min(start, Date.parse(state.terminated.startedAt));
    end = Math.max(end, Date.parse(state.terminated.finishedAt));
  }
  if (!(end > start)) return undefined;
  return { owner: `${metadata.namespace}/${ownerName(metadata)}`, hours: (end - start) / HOUR_MS, endedAt: end };
}

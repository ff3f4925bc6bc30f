import { latestStartOf } from '../../shared/deferral/plan.ts';
import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { EpochMs } from '../../shared/grid/units.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { ReleasedJob } from '../deferral/waiting-job.ts';
import type { PodPreferences } from './annotations.ts';
import type { BoundPod } from './bindings.ts';
import type { DecisionLog } from './decision-log.ts';
import type { NodeDirectory } from './nodes.ts';
import { decisionOf, type Waited } from './placement-decision.ts';
import type { createPodPolicies, PodPolicy } from './pod-policy.ts';

/** What the decisions of bound pods are made from. */
export interface BoundDecisionSources {
  readonly log: DecisionLog;
  readonly policyOf: ReturnType<typeof createPodPolicies>;
  readonly directory: NodeDirectory;
  readonly cache: () => CacheState;
  /** The wait of a pod's owner: a Job, or what Kueue queued; undefined for one that did not wait. */
  readonly releasedJob: (uid: string) => ReleasedJob | undefined;
}

/**
 * The placement decision of a pod that was bound: the logged one, or, for a pod that had waited and that kube-scheduler
 * made no request about, where it was placed. Undefined for a pod that this program had no part in.
 */
export function decisionOfBoundPod(
  bound: BoundPod,
  boundAt: EpochMs,
  sources: BoundDecisionSources,
): Decision | undefined {
  const { namespace, pod, uid, node, annotations, owner } = bound;
  const logged = sources.log.find(namespace, pod);
  const job = owner ? sources.releasedJob(owner.uid) : undefined;
  if (logged?.uid === uid) {
    logged.node = node;
    const decision = decisionOf(logged, node, boundAt, waitOf(bound, boundAt, job, logged.policy.preferences));
    if (decision !== undefined && (decision.mode !== 'off' || decision.releasedAt !== null)) return decision;
  }
  const policy = sources.policyOf({ namespace, annotations });
  const waited = waitOf(bound, boundAt, job, policy.preferences);
  return waited.releasedAt === null ? undefined : decisionWithoutRequest(bound, { boundAt, policy, waited, sources });
}

/**
 * Pods of a Job that waited count as created earlier by its wait: without it they would have been. A pod that Kueue
 * queued by itself counts as created so long before it was bound as it was held: Kueue's own queue would have been there, too.
 */
function waitOf(
  { arrivedAt: createdAt, releasedAt, isQueued }: BoundPod,
  boundAt: EpochMs,
  job: ReleasedJob | undefined,
  preferences: PodPreferences,
): Waited {
  const released = releasedAt ?? (job === undefined ? null : createdAt);
  if (createdAt === null) return { arrivedAt: null, releasedAt: released, latestStart: null };
  const isHeldByQueue = isQueued && job === undefined && releasedAt !== null;
  const arrivedAt = isHeldByQueue ? boundAt - (releasedAt - createdAt) : createdAt - (job?.waitedMs ?? 0);
  if (job !== undefined)
    return { arrivedAt, releasedAt: released, latestStart: arrivedAt + (job.slackMs ?? job.waitedMs) };
  const latest =
    preferences.skip === true || preferences.flexible === false ? arrivedAt : latestStartOf(arrivedAt, preferences);
  return { arrivedAt, releasedAt: released, latestStart: latest > arrivedAt ? latest : null };
}

function decisionWithoutRequest(
  { namespace, pod, uid, node, owner }: BoundPod,
  options: {
    readonly boundAt: EpochMs;
    readonly policy: PodPolicy;
    readonly waited: Waited;
    readonly sources: BoundDecisionSources;
  },
): Decision {
  const { boundAt, policy, waited, sources } = options;
  const zone = sources.directory.zoneOf(node) ?? null;
  const state = sources.cache();
  const snapshot = state.kind === 'fresh' ? state.snapshot : undefined;
  const region = zone !== null && snapshot?.ranked.includes(zone) ? snapshot.regions.get(zone) : undefined;
  return {
    ...{ uid, namespace, pod, node, zone, ...waited },
    ownerKind: owner?.kind ?? null,
    ownerName: owner?.name ?? null,
    intensity: region?.carbonIntensity ?? null,
    quality: region?.quality ?? null,
    intensityAgeMs: region === undefined ? null : Math.max(0, boundAt - region.fetchedAt),
    ...{ candidates: 0, candidateZones: null, candidatesMean: null, candidatesWorst: null, candidatesBest: null },
    mode: policy.mode,
    decidedAt: boundAt,
    boundAt,
  };
}

import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import { createFields, type NodePower } from '../placement/candidate-table.ts';
import type { ZoneHistory } from '../placement/constraints.ts';
import { createDecisionLog, type DecisionLog } from '../placement/decision-log.ts';
import type { NodeDirectory } from '../placement/nodes.ts';
import {
  type ClusterDefaults,
  createPodPolicies,
  type NamespaceDirectory,
  type PodPolicy,
} from '../placement/pod-policy.ts';
import { createCandidateMemory } from './candidate-memory.ts';
import { filter, refusals } from './filter.ts';
import { preempt } from './preempt.ts';
import { createPrioritize } from './prioritize.ts';
import { readExtenderArgs, type WirePod } from './protocol.ts';

/** What placements are decided from. Everything is in memory: no call waits for anything. */
export interface PlacementSources {
  readonly cache: () => CacheState;
  readonly directory: NodeDirectory;
  readonly power: NodePower;
  readonly history: ZoneHistory;
  readonly namespaces: NamespaceDirectory;
  readonly cluster: ClusterDefaults;
  readonly metrics: ExtenderMetrics;
  readonly clock: Clock;
  /** Told of nodes that nobody knows the zone of. */
  readonly onUnplaced?: (names: readonly string[]) => void;
  /** Told once of each pod with annotations that were ignored. */
  readonly onInvalidAnnotations?: (pod: WirePod, policy: PodPolicy) => void;
}

/** What a verb answers. */
export interface VerbAnswer {
  readonly body: Buffer;
  /** Whether the answer tells no node from another for want of a signal or of a preference to. */
  readonly neutral: boolean;
}

/** One of kube-scheduler's calls, by the bytes of its body; throws a InvalidRequestError for what kube-scheduler cannot have sent. */
export type Verb = (body: Buffer) => VerbAnswer;

/** The verbs, and what they remember of the pods that they answered about. */
export interface Placement {
  readonly verbs: { readonly filter: Verb; readonly prioritize: Verb; readonly preempt: Verb };
  readonly log: DecisionLog;
}

/** Makes the verbs that kube-scheduler calls. */
export function createPlacement(sources: PlacementSources): Placement {
  const { cache, history, metrics, clock, onInvalidAnnotations } = sources;
  const memory = createCandidateMemory();
  const fieldOf = createFields(sources);
  const policyOf = createPodPolicies(sources.cluster, sources.namespaces);
  const prioritize = createPrioritize(history);
  const log = createDecisionLog();
  const open = (verb: string, body: Buffer) => {
    const args = readExtenderArgs(body, memory);
    const field = fieldOf(args.candidates, cache());
    metrics.countNames(verb, field.names.length);
    const policy = policyOf(args.pod.metadata ?? {});
    const decision = log.of(args.pod, policy, clock.now());
    const isNew = decision !== undefined && decision.filtered === undefined && decision.ranked === undefined;
    if (isNew && policy.invalid.length > 0) onInvalidAnnotations?.(args.pod, policy);
    return { args, field, policy, decision };
  };
  return {
    log,
    verbs: {
      filter(body) {
        const { args, field, policy, decision } = open('filter', body);
        const answer = filter(args, field, policy, history);
        if (decision !== undefined) {
          if (decision.filtered?.field !== field) log.charge(decision, field);
          decision.filtered = { field, refused: answer.refused };
        }
        metrics.countRefusals(policy.mode, answer.refused);
        return { body: answer.body, neutral: false };
      },
      prioritize(body) {
        const { field, policy, decision } = open('prioritize', body);
        const ranking = prioritize(field, policy);
        if (decision !== undefined) {
          if (decision.ranked?.field !== field) log.charge(decision, field);
          decision.ranked = { field, ranking };
        }
        if (ranking.neutral !== undefined) metrics.countNeutral(ranking.neutral);
        return { body: ranking.body, neutral: ranking.neutral !== undefined };
      },
      preempt(body) {
        const { answer, vetoed } = preempt(body, (pod, names) => {
          const field = fieldOf({ form: 'names', names }, cache());
          const policy = policyOf(pod.metadata ?? {});
          return policy.mode === 'enforce' ? refusals(field, policy, history) : new Map();
        });
        metrics.countVetoes(vetoed);
        return { body: answer, neutral: false };
      },
    },
  };
}

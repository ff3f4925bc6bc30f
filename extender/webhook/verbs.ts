import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import { createFields, type NodePower } from '../placement/candidate-table.ts';
import type { ZoneHistory } from '../placement/constraints.ts';
import { createJudgements, type Judgements } from '../placement/decision-log.ts';
import type { NodeDirectory } from '../placement/nodes.ts';
import {
  type ClusterDefaults,
  createIntents,
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
  readonly onBadWishes?: (pod: WirePod, intent: PodPolicy) => void;
}

/** What a verb answers. */
export interface VerbAnswer {
  readonly body: Buffer;
  /** Whether the answer tells no node from another for want of a signal or of a wish to. */
  readonly neutral: boolean;
}

/** One of kube-scheduler's calls, by the bytes of its body; throws a RequestFault for what kube-scheduler cannot have sent. */
export type Verb = (body: Buffer) => VerbAnswer;

/** The verbs, and what they remember of the pods that they answered about. */
export interface Placement {
  readonly verbs: { readonly filter: Verb; readonly prioritize: Verb; readonly preempt: Verb };
  readonly judgements: Judgements;
}

/** Makes the verbs that kube-scheduler calls. */
export function createPlacement(sources: PlacementSources): Placement {
  const { cache, history, metrics, clock, onBadWishes } = sources;
  const memory = createCandidateMemory();
  const fieldOf = createFields(sources);
  const intentOf = createIntents(sources.cluster, sources.namespaces);
  const prioritize = createPrioritize(history);
  const judgements = createJudgements();
  const open = (verb: string, body: Buffer) => {
    const args = readExtenderArgs(body, memory);
    const field = fieldOf(args.candidates, cache());
    metrics.countNames(verb, field.names.length);
    const intent = intentOf(args.pod.metadata ?? {});
    const judgement = judgements.of(args.pod, intent, clock.now());
    const isNew = judgement !== undefined && judgement.filtered === undefined && judgement.ranked === undefined;
    if (isNew && intent.bad.length > 0) onBadWishes?.(args.pod, intent);
    return { args, field, intent, judgement };
  };
  return {
    judgements,
    verbs: {
      filter(body) {
        const { args, field, intent, judgement } = open('filter', body);
        const answer = filter(args, field, intent, history);
        if (judgement !== undefined) {
          if (judgement.filtered?.field !== field) judgements.charge(judgement, field);
          judgement.filtered = { field, refused: answer.refused };
        }
        metrics.countRefusals(intent.mode, answer.refused);
        return { body: answer.body, neutral: false };
      },
      prioritize(body) {
        const { field, intent, judgement } = open('prioritize', body);
        const ranking = prioritize(field, intent);
        if (judgement !== undefined) {
          if (judgement.ranked?.field !== field) judgements.charge(judgement, field);
          judgement.ranked = { field, ranking };
        }
        if (ranking.neutral !== undefined) metrics.countNeutral(ranking.neutral);
        return { body: ranking.body, neutral: ranking.neutral !== undefined };
      },
      preempt(body) {
        const { answer, vetoed } = preempt(body, (pod, names) => {
          const field = fieldOf({ form: 'names', names }, cache());
          const intent = intentOf(pod.metadata ?? {});
          return intent.mode === 'enforce' ? refusals(field, intent, history) : new Map();
        });
        metrics.countVetoes(vetoed);
        return { body: answer, neutral: false };
      },
    },
  };
}

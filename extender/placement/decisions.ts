import type { CacheState } from '../../shared/grid/carbon-cache.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import {
  type Candidates,
  type CandidateTable,
  candidateTable,
  createNodeViews,
  type NodePower,
  type NodeView,
} from './candidate-table.ts';
import { refusedNodes, type Violation, type ZoneHistory } from './constraints.ts';
import { createDecisionLog, type DecisionLog, type PodMetadata } from './decision-log.ts';
import type { NodeUtilisation } from './node-utilisation.ts';
import type { NodeDirectory } from './nodes.ts';
import { type ClusterDefaults, createPodPolicies, type NamespaceDirectory, type PodPolicy } from './pod-policy.ts';
import { type Ranking, rank } from './ranking.ts';

/** What decisions are made from. Everything is in memory: no request waits for anything. */
export interface PlacementSources {
  readonly cache: () => CacheState;
  readonly directory: NodeDirectory;
  readonly power: NodePower;
  readonly history: ZoneHistory;
  /** Default: no node is too full. */
  readonly utilisation?: NodeUtilisation;
  readonly namespaces: NamespaceDirectory;
  readonly cluster: ClusterDefaults;
  readonly metrics: ExtenderMetrics;
  readonly clock: Clock;
  /** Called with nodes whose zone is not known. */
  readonly onUnplaced?: (names: readonly string[]) => void;
  /** Called once for each pod with annotations that were ignored. */
  readonly onInvalidAnnotations?: (pod: PodMetadata, policy: PodPolicy) => void;
}

/** One request of kube-scheduler, whatever form it came in. */
export interface PlacementRequest {
  readonly pod: PodMetadata;
  /** Its candidates, each once. */
  readonly candidates: (view: NodeView) => Candidates;
}

/** The nodes that were refused to a pod, by name. */
export interface Filtering {
  readonly refused: ReadonlyMap<string, Violation>;
  /** False with `advise`: the nodes that would have been refused all pass. */
  readonly enforced: boolean;
}

/** Decides where pods may and should go, and remembers the newest decisions. */
export interface PlacementDecisions {
  filter(request: PlacementRequest): Filtering;
  prioritize(request: PlacementRequest): Ranking;
  /** The nodes that no eviction may make room on, because the filter would refuse them. */
  vetoes(request: PlacementRequest): ReadonlyMap<string, Violation>;
  readonly log: DecisionLog;
}

/** Makes the decisions from what is known at the time of each request. */
export function createPlacementDecisions(sources: PlacementSources): PlacementDecisions {
  const { cache, history, metrics, clock, onUnplaced, onInvalidAnnotations } = sources;
  const viewOf = createNodeViews(sources);
  const policyOf = createPodPolicies(sources.cluster, sources.namespaces);
  const log = createDecisionLog();
  const tableOf = ({ candidates }: PlacementRequest): CandidateTable => {
    const view = viewOf(cache());
    return candidateTable(candidates(view), view);
  };
  const open = (verb: 'filter' | 'prioritize', request: PlacementRequest) => {
    const table = tableOf(request);
    metrics.countNames(verb, table.candidates.count);
    const policy = policyOf(request.pod);
    const decision = log.of(request.pod, policy, clock.now());
    const isNew = decision !== undefined && decision.filtered === undefined && decision.ranked === undefined;
    if (isNew && policy.invalid.length > 0) onInvalidAnnotations?.(request.pod, policy);
    if (onUnplaced) reportUnplaced(table, onUnplaced);
    return { table, policy, decision };
  };
  return {
    log,
    filter(request) {
      const { table, policy, decision } = open('filter', request);
      const refused = refusedNodes(table, policy, history);
      if (decision !== undefined) log.keepFiltered(decision, table, refused);
      metrics.countRefusals(policy.mode, refused);
      return { refused, enforced: policy.mode === 'enforce' };
    },
    prioritize(request) {
      const { table, policy, decision } = open('prioritize', request);
      const ranking = rank(table, policy, sources);
      if (decision !== undefined) log.keepRanked(decision, table, ranking);
      if (ranking.neutral !== undefined) metrics.countNeutral(ranking.neutral);
      return ranking;
    },
    vetoes(request) {
      const policy = policyOf(request.pod);
      return policy.mode === 'enforce' ? refusedNodes(tableOf(request), policy, history) : new Map();
    },
  };
}

function reportUnplaced({ candidates }: CandidateTable, report: (names: readonly string[]) => void): void {
  if (candidates.unplaced > 0)
    report(candidates.nodes().flatMap(({ zone, name }) => (zone === undefined ? [name] : [])));
}

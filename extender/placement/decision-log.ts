import type { EpochMs } from '../../shared/grid/units.ts';
import type { CandidateNode, CandidateTable, NodeView, SignalLoss } from './candidate-table.ts';
import type { Violation } from './constraints.ts';
import type { PodPolicy } from './pod-policy.ts';
import type { Ranking } from './ranking.ts';

/** What kube-scheduler sends of a pod, as far as placement reads it. */
export interface PodMetadata {
  readonly name?: string | undefined;
  /** Default `default`. */
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Not checked: a reference in another form than Kubernetes' own is passed over. */
  readonly ownerReferences?: unknown;
}

/** What was last decided about one pod. */
export interface LoggedDecision {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** Controller of the pod, such as a Job; undefined for a pod without one. */
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  readonly policy: PodPolicy;
  /** When the newest of its requests was served. */
  at: EpochMs;
  /** The node that the pod was bound to, once that is known. */
  node: string | undefined;
  filtered: { readonly table: LoggedTable; readonly refused: ReadonlyMap<string, Violation> } | undefined;
  ranked: { readonly table: LoggedTable; readonly ranking: Ranking } | undefined;
  /** About how much memory its candidates take; kept by the log. */
  bytes: number;
}

/** What is kept of a table of candidates. */
export interface LoggedTable {
  /** Put together anew at each call. */
  candidates(): readonly CandidateNode[];
  /** About how much memory it takes. */
  readonly bytes: number;
  readonly loss: SignalLoss | undefined;
  readonly view: NodeView;
}

/** The newest decisions, to be explained and to be recorded when the pod is bound. */
export interface DecisionLog {
  /** The entry of a request's pod, a new one for another pod of that name or another policy; undefined for a pod without a name. */
  of(pod: PodMetadata, policy: PodPolicy, at: EpochMs): LoggedDecision | undefined;
  find(namespace: string, pod: string): LoggedDecision | undefined;
  /** Keeps the response to a filter request in its entry, and drops the oldest entries beyond the limits. */
  keepFiltered(decision: LoggedDecision, table: CandidateTable, refused: ReadonlyMap<string, Violation>): void;
  /** Keeps the response to a prioritize request in the same way. */
  keepRanked(decision: LoggedDecision, table: CandidateTable, ranking: Ranking): void;
  readonly size: number;
}

/** How many pods are remembered, and about how many bytes their candidates may take. */
const LIMITS = { pods: 2_000, bytes: 24 * 1024 * 1024 };
/** Remembers the newest decisions by pod and forgets the oldest. */
export function createDecisionLog(limits = LIMITS): DecisionLog {
  const kept = new Map<string, LoggedDecision>();
  let total = 0;
  let lastView: NodeView | undefined;
  const drop = (key: string, decision: LoggedDecision) => {
    kept.delete(key);
    total -= decision.bytes;
  };
  const forgetOldest = () => {
    for (const [key, decision] of kept) {
      if (kept.size === 1 || (kept.size <= limits.pods && total <= limits.bytes)) return;
      drop(key, decision);
    }
  };
  const keepTable = (decision: LoggedDecision, before: LoggedTable | undefined, table: CandidateTable): LoggedTable => {
    const { bytes: own, sharedBytes, nodes } = table.candidates.keep();
    const bytes = own + (table.view === lastView ? 0 : sharedBytes);
    lastView = table.view;
    decision.bytes += bytes - (before?.bytes ?? 0);
    total += bytes - (before?.bytes ?? 0);
    return { candidates: nodes, bytes, loss: table.loss, view: table.view };
  };
  return {
    of(pod, policy, at) {
      const { name, namespace = 'default', uid = '' } = pod;
      if (name === undefined) return undefined;
      const key = `${namespace}/${name}`;
      const before = kept.get(key);
      if (before?.uid === uid && before.policy.key === policy.key) {
        before.at = at;
        return before;
      }
      if (before !== undefined) drop(key, before);
      const owner = ownerOf(pod.ownerReferences);
      const made: LoggedDecision = {
        ...{ namespace, pod: name, uid, owner, policy, at },
        ...{ node: undefined, filtered: undefined, ranked: undefined, bytes: 0 },
      };
      kept.set(key, made);
      return made;
    },
    find: (namespace, pod) => kept.get(`${namespace}/${pod}`),
    keepFiltered(decision, table, refused) {
      decision.filtered = { table: keepTable(decision, decision.filtered?.table, table), refused };
      forgetOldest();
    },
    keepRanked(decision, table, ranking) {
      decision.ranked = { table: keepTable(decision, decision.ranked?.table, table), ranking };
      forgetOldest();
    },
    get size() {
      return kept.size;
    },
  };
}

/** The owner that controls the pod; undefined without one, and for references in a form that Kubernetes does not write. */
function ownerOf(references: unknown): LoggedDecision['owner'] {
  if (!Array.isArray(references)) return undefined;
  for (const reference of references as { kind?: unknown; name?: unknown; controller?: unknown }[]) {
    const { kind, name, controller } = reference ?? {};
    if (controller === true && typeof kind === 'string' && typeof name === 'string') return { kind, name };
  }
  return undefined;
}

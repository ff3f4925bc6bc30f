import type { EpochMs } from '../../shared/grid/units.ts';
import type { Ranking } from '../webhook/prioritize.ts';
import type { WirePod } from '../webhook/protocol.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { Violation } from './constraints.ts';
import type { PodPolicy } from './pod-policy.ts';

/** What was last answered about one pod. */
export interface LoggedDecision {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** Controller of the pod, such as a Job; undefined for a pod of its own. */
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  readonly policy: PodPolicy;
  /** When the newest of its calls was answered. */
  at: EpochMs;
  /** The node that the pod was bound to, once that is known. */
  node: string | undefined;
  filtered: { readonly field: CandidateTable; readonly refused: ReadonlyMap<string, Violation> } | undefined;
  ranked: { readonly field: CandidateTable; readonly ranking: Ranking } | undefined;
}

/** The newest log, for those who ask why and for when the pod is bound. */
export interface DecisionLog {
  /** The decision of a call's pod, made anew when it is another pod of that name; undefined for a pod without a name. */
  of(pod: WirePod, policy: PodPolicy, at: EpochMs): LoggedDecision | undefined;
  find(namespace: string, pod: string): LoggedDecision | undefined;
  /** Tells that a decision has got the candidates of a call, so that what is held stays bounded. */
  charge(decision: LoggedDecision, field: CandidateTable): void;
  readonly size: number;
}

/** How many pods, and how many candidates in all, are remembered: about 20 MB at the most. */
const LIMITS = { pods: 2_000, candidates: 250_000 };

/** Remembers the newest log by pod and forgets the oldest. */
export function createDecisionLog(limits = LIMITS): DecisionLog {
  const kept = new Map<string, LoggedDecision>();
  const charges = new WeakMap<LoggedDecision, number>();
  let candidates = 0;
  let lastField: CandidateTable | undefined;
  const drop = (key: string, decision: LoggedDecision) => {
    kept.delete(key);
    candidates -= charges.get(decision) ?? 0;
  };
  const forgetOldest = () => {
    for (const [key, decision] of kept) {
      if (kept.size <= limits.pods && candidates <= limits.candidates) return;
      if (kept.size === 1) return;
      drop(key, decision);
    }
  };
  return {
    of({ metadata = {} }, policy, at) {
      const { name, namespace = 'default', uid = '' } = metadata;
      if (name === undefined) return undefined;
      const key = `${namespace}/${name}`;
      const before = kept.get(key);
      if (before?.uid === uid && before.policy.key === policy.key) {
        before.at = at;
        return before;
      }
      if (before !== undefined) drop(key, before);
      const owner = ownerOf(metadata.ownerReferences);
      const made = {
        namespace,
        pod: name,
        uid,
        owner,
        policy,
        at,
        node: undefined,
        filtered: undefined,
        ranked: undefined,
      };
      kept.set(key, made);
      return made;
    },
    find: (namespace, pod) => kept.get(`${namespace}/${pod}`),
    charge(decision, field) {
      // Consecutive pods mostly share one field, which is held once.
      const more = field === lastField ? 0 : field.names.length;
      lastField = field;
      candidates += more - (charges.get(decision) ?? 0);
      charges.set(decision, more);
      forgetOldest();
    },
    get size() {
      return kept.size;
    },
  };
}

/** The owner that controls the pod. Foreign data that is not needed for an answer: what is not as it should be is no owner. */
function ownerOf(references: unknown): LoggedDecision['owner'] {
  if (!Array.isArray(references)) return undefined;
  for (const reference of references as { kind?: unknown; name?: unknown; controller?: unknown }[]) {
    const { kind, name, controller } = reference ?? {};
    if (controller === true && typeof kind === 'string' && typeof name === 'string') return { kind, name };
  }
  return undefined;
}

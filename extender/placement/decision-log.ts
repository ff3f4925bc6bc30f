import type { EpochMs } from '../../shared/grid/units.ts';
import type { Ranking } from '../webhook/prioritize.ts';
import type { WirePod } from '../webhook/protocol.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { Violation } from './constraints.ts';
import type { PodPolicy } from './pod-policy.ts';

/** What was last answered about one pod. */
export interface Judgement {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** Controller of the pod, such as a Job; undefined for a pod of its own. */
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  readonly intent: PodPolicy;
  /** When the newest of its calls was answered. */
  at: EpochMs;
  /** The node that the pod was bound to, once that is known. */
  node: string | undefined;
  filtered: { readonly field: CandidateTable; readonly refused: ReadonlyMap<string, Violation> } | undefined;
  ranked: { readonly field: CandidateTable; readonly ranking: Ranking } | undefined;
}

/** The newest judgements, for those who ask why and for when the pod is bound. */
export interface Judgements {
  /** The judgement of a call's pod, made anew when it is another pod of that name; undefined for a pod without a name. */
  of(pod: WirePod, intent: PodPolicy, at: EpochMs): Judgement | undefined;
  find(namespace: string, pod: string): Judgement | undefined;
  /** Tells that a judgement has got the candidates of a call, so that what is held stays bounded. */
  charge(judgement: Judgement, field: CandidateTable): void;
  readonly size: number;
}

/** How many pods, and how many candidates in all, are remembered: about 20 MB at the most. */
const LIMITS = { pods: 2_000, candidates: 250_000 };

/** Remembers the newest judgements by pod and forgets the oldest. */
export function createJudgements(limits = LIMITS): Judgements {
  const kept = new Map<string, Judgement>();
  const charges = new WeakMap<Judgement, number>();
  let candidates = 0;
  let lastField: CandidateTable | undefined;
  const drop = (key: string, judgement: Judgement) => {
    kept.delete(key);
    candidates -= charges.get(judgement) ?? 0;
  };
  const forgetOldest = () => {
    for (const [key, judgement] of kept) {
      if (kept.size <= limits.pods && candidates <= limits.candidates) return;
      if (kept.size === 1) return;
      drop(key, judgement);
    }
  };
  return {
    of({ metadata = {} }, intent, at) {
      const { name, namespace = 'default', uid = '' } = metadata;
      if (name === undefined) return undefined;
      const key = `${namespace}/${name}`;
      const before = kept.get(key);
      if (before?.uid === uid && before.intent.key === intent.key) {
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
        intent,
        at,
        node: undefined,
        filtered: undefined,
        ranked: undefined,
      };
      kept.set(key, made);
      return made;
    },
    find: (namespace, pod) => kept.get(`${namespace}/${pod}`),
    charge(judgement, field) {
      // Consecutive pods mostly share one field, which is held once.
      const more = field === lastField ? 0 : field.names.length;
      lastField = field;
      candidates += more - (charges.get(judgement) ?? 0);
      charges.set(judgement, more);
      forgetOldest();
    },
    get size() {
      return kept.size;
    },
  };
}

/** The owner that controls the pod. Foreign data that is not needed for an answer: what is not as it should be is no owner. */
function ownerOf(references: unknown): Judgement['owner'] {
  if (!Array.isArray(references)) return undefined;
  for (const reference of references as { kind?: unknown; name?: unknown; controller?: unknown }[]) {
    const { kind, name, controller } = reference ?? {};
    if (controller === true && typeof kind === 'string' && typeof name === 'string') return { kind, name };
  }
  return undefined;
}

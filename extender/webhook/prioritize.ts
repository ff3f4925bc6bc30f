import { scores } from '../../shared/placement/score.ts';
import type { CandidateTable, SignalLoss } from '../placement/candidate-table.ts';
import { type Violation, violations, type ZoneHistory } from '../placement/constraints.ts';
import type { PodPolicy } from '../placement/pod-policy.ts';

/** Why all nodes got the same score: the signal is lost, or nothing is to be done for this pod. */
export type NeutralCause = SignalLoss | 'advise' | 'off';

/** The answer to a prioritize call. */
export interface Ranking {
  /** A JSON array of {Host, Score}. */
  readonly body: Buffer;
  /** Why no node is preferred; undefined when some may be. */
  readonly neutral: NeutralCause | undefined;
  /** The scores that were given, or with `advise` would have been; in the field's order. */
  readonly scores: readonly number[];
}

/** Ranks the candidates of a call for what is meant to be done for its pod. */
export type Prioritize = (field: CandidateTable, policy: PodPolicy) => Ranking;

/** Different preferences whose answers are kept with one field. */
const KEPT = 16;

/** Makes the prioritize verb. An answer is kept with its field, for pods that preference the same. */
export function createPrioritize(history: ZoneHistory): Prioritize {
  const answers = new WeakMap<CandidateTable, Map<string, Ranking>>();
  return (field, policy) => {
    const key = `${policy.key} ${history.version}`;
    const kept = answers.get(field) ?? new Map<string, Ranking>();
    if (kept.size === 0) answers.set(field, kept);
    let ranking = kept.get(key);
    if (ranking === undefined) {
      ranking = rank(field, policy, history);
      if (kept.size >= KEPT) kept.clear();
      kept.set(key, ranking);
    }
    return ranking;
  };
}

function rank(field: CandidateTable, { mode, preferences }: PodPolicy, history: ZoneHistory): Ranking {
  const scored =
    mode === 'off' ? field.names.map(() => 0) : preferredScores(field, violations(field, preferences, history));
  const neutral = mode === 'off' ? 'off' : (field.loss ?? (mode === 'advise' ? 'advise' : undefined));
  const given = neutral === undefined ? scored : field.names.map(() => 0);
  return { body: encode(field.names, given), neutral, scores: scored };
}

/**
 * Nodes that are not what the pod asks for get 0, all others at least 1 and are scored among themselves. Where none or
 * all are in violation, the preference tells no node from another, and the plain scores stand.
 */
function preferredScores(field: CandidateTable, violated: readonly (Violation | undefined)[]): readonly number[] {
  const some = violated.some((violation) => violation !== undefined);
  if (!some || violated.every((violation) => violation !== undefined))
    return scores(field.intensities, field.relativePowers);
  const eligible = field.intensities.map((intensity, at) => (violated[at] === undefined ? intensity : undefined));
  return scores(eligible, field.relativePowers).map((score, at) =>
    violated[at] === undefined ? Math.max(1, score) : 0,
  );
}

/** kube-scheduler decodes a bare array; one score that is not an integer voids the whole answer without a word. */
function encode(names: readonly string[], scored: readonly number[]): Buffer {
  let json = '';
  for (const [at, name] of names.entries())
    json += `${at === 0 ? '' : ','}{"Host":${JSON.stringify(name)},"Score":${scored[at]}}`;
  return Buffer.from(`[${json}]`);
}

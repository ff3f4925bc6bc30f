import { scores } from '../../shared/placement/score.ts';
import { hasPlacementConstraints } from './annotations.ts';
import type { CandidateTable, SignalLoss } from './candidate-table.ts';
import { type Violation, violations, type ZoneHistory } from './constraints.ts';
import type { PodPolicy } from './pod-policy.ts';

/** Why all candidates get the same score: the signal is lost, or the mode leaves placement to kube-scheduler. */
export type NeutralReason = SignalLoss | 'advise' | 'off';

/** The scores of one request, 0..10, in the order of its candidates. */
export interface Ranking {
  /** What the candidates deserve; with `advise` what they would have got. */
  readonly scores: readonly number[];
  /** Why the response prefers no candidate, whatever the scores; undefined where it gives them. */
  readonly neutral: NeutralReason | undefined;
}

/** Scores the candidates of a pod by its policy. */
export function rank(table: CandidateTable, { mode, preferences }: PodPolicy, history: ZoneHistory): Ranking {
  if (mode === 'off') return { scores: table.candidates.map(() => 0), neutral: 'off' };
  const found = hasPlacementConstraints(preferences) ? violations(table, preferences, history) : [];
  const neutral = table.loss ?? (mode === 'advise' ? 'advise' : undefined);
  return { scores: preferredScores(table, found), neutral };
}

/**
 * Nodes that violate a constraint get 0; all others get at least 1 and are scored among themselves. Where none or all
 * violate one, the constraint distinguishes nothing and the plain scores apply.
 */
function preferredScores(table: CandidateTable, found: readonly (Violation | undefined)[]): readonly number[] {
  const { intensities } = table;
  const violating = found.filter((violation) => violation !== undefined).length;
  if (violating === 0 || violating === found.length) return scores(intensities, table.relativePowers);
  const eligible = intensities.map((intensity, index) => (found[index] === undefined ? intensity : Number.NaN));
  return scores(eligible, table.relativePowers).map((score, index) =>
    found[index] === undefined ? Math.max(1, score) : 0,
  );
}

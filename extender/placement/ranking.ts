import { groupScores, scores } from '../../shared/placement/score.ts';
import { hasPlacementConstraints } from './annotations.ts';
import type { CandidateTable, SignalLoss } from './candidate-table.ts';
import { violations, type ZoneHistory } from './constraints.ts';
import { NO_UTILISATION_LIMIT, type NodeUtilisation } from './node-utilisation.ts';
import type { PodPolicy } from './pod-policy.ts';

/** Why all candidates get the same score: the signal is lost, or the mode leaves placement to kube-scheduler. */
export type NeutralReason = SignalLoss | 'advise' | 'off';

/** The scores of one request, 0..10, in the order of its candidates. */
export interface Ranking {
  /** What the candidates deserve, a byte for each; with `advise` what they would have got. */
  readonly scores: Uint8Array;
  /** Candidates that rank behind the others for their utilisation. */
  readonly behind: number;
  /** Why the response prefers no candidate, whatever the scores; undefined where it gives them. */
  readonly neutral: NeutralReason | undefined;
}

/** What decides the scores of a pod's candidates, beside the candidates. */
export interface RankingSources {
  readonly history: ZoneHistory;
  /** Default: no node is too full. */
  readonly utilisation?: NodeUtilisation | undefined;
}

/** Scores the candidates of a pod by its policy. */
export function rank(
  table: CandidateTable,
  { mode, preferences }: PodPolicy,
  { history, utilisation = NO_UTILISATION_LIMIT }: RankingSources,
): Ranking {
  if (mode === 'off') return { scores: new Uint8Array(table.candidates.count), behind: 0, neutral: 'off' };
  const neutral = table.loss ?? (mode === 'advise' ? 'advise' : undefined);
  const violating = hasPlacementConstraints(preferences)
    ? violations(table, preferences, history).map((violation) => violation !== undefined)
    : [];
  if (utilisation.above.size === 0) return { scores: preferredScores(table, violating), behind: 0, neutral };
  const full = table.candidates.nodes().map(({ name }) => utilisation.above.has(name));
  const last = full.map((isFull, index) => isFull || violating[index] === true);
  // Where that would leave no node, the pod's own constraints count alone.
  const scored = preferredScores(table, last.includes(false) ? last : violating);
  return { scores: scored, behind: last.includes(false) ? full.filter(Boolean).length : 0, neutral };
}

/**
 * The last choices get 0; all others get at least 1 and are scored among themselves. Where none or all are last, that
 * distinguishes nothing and the plain scores apply.
 */
function preferredScores(table: CandidateTable, isLast: readonly boolean[]): Uint8Array {
  const lasts = isLast.filter(Boolean).length;
  if (lasts === 0 || lasts === isLast.length) return plainScores(table);
  const eligible = intensitiesOf(table).map((intensity, index) => (isLast[index] ? Number.NaN : intensity));
  const preferred = scores(eligible, table.relativePowers);
  return Uint8Array.from(preferred, (score, index) => (isLast[index] ? 0 : Math.max(1, score)));
}

/** Without measured power all nodes of a group have one score, so that each group is scored once. */
function plainScores(table: CandidateTable): Uint8Array {
  const { candidates, groupSizes, relativePowers } = table;
  if (relativePowers !== undefined) return Uint8Array.from(scores(intensitiesOf(table), relativePowers));
  const { count, groups, intensities } = candidates;
  const ofGroup = groupScores(intensities, groupSizes);
  const scored = new Uint8Array(count);
  for (let index = 0; index < count; index++) scored[index] = ofGroup[groups[index] as number] as number;
  return scored;
}

function intensitiesOf({ candidates: { groups, intensities } }: CandidateTable): Float64Array {
  return Float64Array.from(groups, (group) => intensities[group] as number);
}

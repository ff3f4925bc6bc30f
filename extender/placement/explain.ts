import type { Signal } from '../../shared/grid/intensity.ts';
import { type EpochMs, isoTime } from '../../shared/grid/units.ts';
import type { LoggedDecision, LoggedTable } from './decision-log.ts';
import { candidatesOf, intensitySpread, regionOf } from './placement-decision.ts';

/** One candidate of an explanation. Null is not known, or not done. */
export interface ExplainedCandidate {
  readonly node: string;
  readonly zone: string | null;
  readonly carbon_intensity: number | null;
  readonly quality: string | null;
  /** Whether the intensity is that of all generation or that of the plants that follow demand; the two are never ranked together. */
  readonly signal: Signal | null;
  readonly age_seconds: number | null;
  readonly watts_per_core: number | null;
  /** 0..10; null for a node that was refused or that no prioritize request named. */
  readonly score: number | null;
  /** Why the filter refused it; null where it passed. */
  readonly refused: string | null;
}

/** Why a pod runs where it runs, or waits. */
export interface Explanation {
  readonly pod: string;
  readonly uid: string;
  readonly owner: string | null;
  readonly mode: string;
  readonly decided_at: string;
  /** The node that the pod was bound to; null while that is not known. */
  readonly node: string | null;
  readonly reason: string;
  /** What the pod, its namespace and the cluster ask for, merged. */
  readonly preferences: Readonly<Record<string, unknown>>;
  /** The name of `preferences` before 0.1.0. */
  readonly wishes: Readonly<Record<string, unknown>>;
  readonly ignored_annotations: readonly string[];
  readonly candidates_mean: number | null;
  /** Best score first. */
  readonly candidates: readonly ExplainedCandidate[];
}

/** Explains what was decided about a pod. */
export function explain(decision: LoggedDecision, now: EpochMs): Explanation {
  const table = candidatesOf(decision);
  const rows = table === undefined ? [] : explained(decision, table, now);
  const spread = table && intensitySpread(table.candidates());
  return {
    pod: `${decision.namespace}/${decision.pod}`,
    uid: decision.uid,
    owner: decision.owner === undefined ? null : `${decision.owner.kind}/${decision.owner.name}`,
    mode: decision.policy.mode,
    decided_at: isoTime(decision.at),
    node: decision.node ?? null,
    reason: reasonOf(decision, rows),
    preferences: { ...decision.policy.preferences },
    wishes: { ...decision.policy.preferences },
    ignored_annotations: decision.policy.invalid.map(
      ({ annotation, value, problem }) => `${annotation}: "${value}" ${problem}`,
    ),
    candidates_mean: spread === undefined ? null : Math.round(spread.mean * 10) / 10,
    candidates: rows.sort((a, b) => (b.score ?? -1) - (a.score ?? -1) || (a.node < b.node ? -1 : 1)),
  };
}

function explained({ filtered, ranked }: LoggedDecision, table: LoggedTable, now: EpochMs): ExplainedCandidate[] {
  const scores = scoresOf(ranked);
  return table.candidates().map((candidate) => {
    const { name, zone, watts } = candidate;
    const region = regionOf(candidate, table);
    return {
      node: name,
      zone: zone ?? null,
      carbon_intensity: region?.carbonIntensity ?? null,
      quality: region?.quality ?? null,
      signal: region?.signal ?? null,
      age_seconds: region === undefined ? null : Math.max(0, Math.round((now - region.fetchedAt) / 1_000)),
      watts_per_core: watts === undefined ? null : Math.round(watts * 100) / 100,
      score: scores.get(name) ?? null,
      refused: filtered?.refused.get(name)?.text ?? null,
    };
  });
}

function scoresOf(ranked: LoggedDecision['ranked']): ReadonlyMap<string, number> {
  return new Map(ranked?.table.candidates().map(({ name }, index) => [name, ranked.ranking.scores[index] ?? 0]));
}

function reasonOf(decision: LoggedDecision, rows: readonly ExplainedCandidate[]): string {
  const { filtered, ranked, policy, node } = decision;
  if (policy.mode === 'off')
    return policy.preferences.skip === true
      ? 'the pod has the annotation skip: no node is preferred'
      : 'the mode is off here';
  const loss = (ranked ?? filtered)?.table.loss;
  if (loss !== undefined) return `no node was preferred or refused, because the carbon signal is ${loss}`;
  const advice = policy.mode === 'advise' ? ' (only advised: kube-scheduler got equal scores)' : '';
  const refused = filtered?.refused.size ?? 0;
  if (refused > 0 && refused === rows.length) return `every one of ${rows.length} candidates was refused${advice}`;
  const behind = ranked?.ranking.behind ?? 0;
  const full = behind > 0 ? `, ${behind} behind the others for their utilisation` : '';
  const after = `${refused > 0 ? `, ${refused} refused` : ''}${full}`;
  if (ranked === undefined)
    return `${rows.length} candidates${after}; prioritize was not called, as for a single node${advice}`;
  const best = Math.max(...new Set(ranked.ranking.scores));
  const chosen = rows.find((row) => row.node === node);
  if (chosen === undefined) return `${rows.length} candidates${after}; the best score is ${best}${advice}`;
  if (chosen.score === best)
    return `${chosen.node} has the best score, ${best}, of ${rows.length} candidates${after}${advice}`;
  return `${chosen.node} has score ${chosen.score}, the best is ${best}: kube-scheduler's other scores (free resources, spreading, affinity) outweighed it${advice}`;
}

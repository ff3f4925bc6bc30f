import type { Quality } from '../grid/intensity.ts';
import type { EpochMs, GramsPerKwh } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { TimeRange } from './power.ts';

/** Where one pod was placed and between what it could be placed: the ground on which savings are counted. */
export interface Decision {
  /** The pod's UID: a pod is placed once. */
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  /** The controller that owns the pod, such as a Job; null for a pod of its own. */
  readonly ownerKind: string | null;
  readonly ownerName: string | null;
  readonly node: string;
  /** Zone of the node; null when nobody knows it. */
  readonly zone: Zone | null;
  /** Intensity of that zone when the pod was placed; null when it was not known. */
  readonly intensity: GramsPerKwh | null;
  readonly quality: Quality | null;
  /** How old the intensity was; null when it was not known. */
  readonly intensityAgeMs: number | null;
  /** Nodes that the pod could have gone to; 0 where kube-scheduler did not ask, as it does not about a single node. */
  readonly candidates: number;
  /** Zones of those whose intensity was known, as `encodeCandidateZones` writes them; null where none was. */
  readonly candidateZones: string | null;
  /** Mean intensity over the candidates whose intensity was known; null when none was. */
  readonly candidatesMean: GramsPerKwh | null;
  readonly candidatesWorst: GramsPerKwh | null;
  readonly candidatesBest: GramsPerKwh | null;
  /** `advise`: the scheduler was not influenced. */
  readonly mode: 'enforce' | 'advise' | 'off';
  /** When the pod was made, or would have been had its Job not waited; null when that is not known. */
  readonly arrivedAt: EpochMs | null;
  /** When the deferral controller let it or its Job run; null for a pod that did not wait. */
  readonly releasedAt: EpochMs | null;
  /** Until when it might have waited; null for a pod that was not to wait. */
  readonly latestStart: EpochMs | null;
  readonly decidedAt: EpochMs;
  readonly boundAt: EpochMs;
}

/** A decision's fields by the columns that every adapter keeps them in. */
export const DECISION_COLUMNS = {
  uid: 'uid',
  namespace: 'namespace',
  pod: 'pod',
  ownerKind: 'owner_kind',
  ownerName: 'owner_name',
  node: 'node',
  zone: 'zone',
  intensity: 'intensity',
  quality: 'quality',
  intensityAgeMs: 'intensity_age_ms',
  candidates: 'candidates',
  candidateZones: 'candidate_zones',
  candidatesMean: 'candidates_mean',
  candidatesWorst: 'candidates_worst',
  candidatesBest: 'candidates_best',
  mode: 'mode',
  arrivedAt: 'arrived_at',
  releasedAt: 'released_at',
  latestStart: 'latest_start',
  decidedAt: 'decided_at',
  boundAt: 'bound_at',
} as const satisfies Record<keyof Decision, string>;

/** The fields in the order of their columns. */
export const DECISION_FIELDS = Object.keys(DECISION_COLUMNS) as (keyof Decision)[];

/** Keeps decisions: the extender's side. */
export interface DecisionWriter {
  /** Durable when it resolves; a decision of the same pod replaces the older one, unless it knows no candidates. */
  recordDecisions(decisions: readonly Decision[]): Promise<void>;
}

/** Reads decisions: the side of savings and of the simulator. */
export interface DecisionReader {
  /** Decisions by the time of binding, oldest first. */
  decisions(range: TimeRange): AsyncIterable<Decision>;
}

/** Forgets decisions: the side of retention. */
export interface DecisionRetention {
  /** Forgets pods that were bound before a time; returns how many. */
  forgetDecisionsBefore(time: EpochMs): Promise<number>;
}

/** The decisions of a store, whole. */
export type DecisionStore = DecisionWriter & DecisionReader & DecisionRetention;

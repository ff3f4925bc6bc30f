import type { CachedRegion } from '../../shared/grid/carbon-cache.ts';
import { type EpochMs, type GramsPerKwh, gramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { encodeCandidateZones } from '../../shared/records/candidate-zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { LoggedDecision } from './decision-log.ts';

/** The candidates that the pod could have gone to: those of the filter call where there was one, for it comes first. */
export function fieldOfJudgement({ filtered, ranked }: LoggedDecision): CandidateTable | undefined {
  return filtered?.field ?? ranked?.field;
}

/** The region of a candidate as the cache told it; undefined when its intensity is not known. */
export function regionOf(field: CandidateTable, at: number): CachedRegion | undefined {
  const zone = field.zones[at];
  if (zone === undefined || field.intensities[at] === undefined) return undefined;
  return field.snapshot?.regions.get(zone);
}

/** Mean, best and worst of the known intensities of a field; undefined when none is known. */
export function spreadOf({ intensities }: Pick<CandidateTable, 'intensities'>) {
  const known = intensities.filter((intensity) => intensity !== undefined);
  if (known.length === 0) return undefined;
  let sum = 0;
  let best = Number.POSITIVE_INFINITY;
  let worst = 0;
  for (const intensity of known) {
    sum += intensity;
    best = Math.min(best, intensity);
    worst = Math.max(worst, intensity);
  }
  return { mean: gramsPerKwh(sum / known.length), best: gramsPerKwh(best), worst: gramsPerKwh(worst) };
}

/** How a pod came to be bound when it was: the times of its record. */
export type Waited = Pick<Decision, 'arrivedAt' | 'releasedAt' | 'latestStart'>;

const NOTHING_KNOWN: Waited = { arrivedAt: null, releasedAt: null, latestStart: null };

/** The record of a pod that was bound to a node; undefined when its candidates are not known. */
export function decisionOf(
  decision: LoggedDecision,
  node: string,
  boundAt: EpochMs,
  waited: Waited = NOTHING_KNOWN,
): Decision | undefined {
  const field = fieldOfJudgement(decision);
  if (field === undefined) return undefined;
  const at = field.names.indexOf(node);
  const region = at < 0 ? undefined : regionOf(field, at);
  const spread = spreadOf(field);
  return {
    uid: decision.uid,
    namespace: decision.namespace,
    pod: decision.pod,
    ownerKind: decision.owner?.kind ?? null,
    ownerName: decision.owner?.name ?? null,
    node,
    zone: field.zones[at] ?? null,
    intensity: region?.carbonIntensity ?? null,
    quality: region?.quality ?? null,
    intensityAgeMs: region === undefined ? null : Math.max(0, boundAt - region.fetchedAt),
    candidates: field.names.length,
    candidateZones: encodeCandidateZones(
      field.zones.filter((zone, index) => zone !== undefined && field.intensities[index] !== undefined) as Zone[],
    ),
    candidatesMean: spread?.mean ?? null,
    candidatesWorst: spread?.worst ?? null,
    candidatesBest: spread?.best ?? null,
    mode: decision.policy.mode,
    ...waited,
    decidedAt: decision.at,
    boundAt,
  };
}

/** A placement in one sentence, for the pod's Event and the log; undefined when the intensity is not known. */
export function describePlacement({ zone, intensity, candidatesMean, mode }: Decision): string | undefined {
  if (zone === null || intensity === null || candidatesMean === null) return undefined;
  const by = mode === 'enforce' ? '' : ' (carbon-extender only advises here)';
  return `placed in ${zone} ${grams(intensity)} g/kWh; the candidates' mean was ${grams(candidatesMean)}${by}`;
}

function grams(intensity: GramsPerKwh): string {
  return intensity >= 10 ? intensity.toFixed(0) : intensity.toFixed(1);
}

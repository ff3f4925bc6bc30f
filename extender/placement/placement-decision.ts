import type { CachedRegion } from '../../shared/grid/carbon-cache.ts';
import { type EpochMs, type GramsPerKwh, gramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { encodeCandidateZones } from '../../shared/records/candidate-zones.ts';
import type { Decision } from '../../shared/records/placements.ts';
import type { CandidateNode } from './candidate-table.ts';
import type { LoggedDecision, LoggedTable } from './decision-log.ts';

/** The candidates that the pod could have been placed on: those of the filter request where there was one, for it comes first. */
export function candidatesOf({ filtered, ranked }: LoggedDecision): LoggedTable | undefined {
  return filtered?.table ?? ranked?.table;
}

/** The region of a candidate in the cache document; undefined when its intensity is not known. */
export function regionOf(
  { zone, intensity }: CandidateNode,
  { view }: Pick<LoggedTable, 'view'>,
): CachedRegion | undefined {
  return zone === undefined || intensity === undefined ? undefined : view.snapshot?.regions.get(zone);
}

/** Mean, best and worst of the known intensities; undefined when none is known. */
export function intensitySpread(candidates: readonly CandidateNode[]) {
  let known = 0;
  let sum = 0;
  let best = Number.POSITIVE_INFINITY;
  let worst = 0;
  for (const { intensity } of candidates) {
    if (intensity === undefined) continue;
    known += 1;
    sum += intensity;
    best = Math.min(best, intensity);
    worst = Math.max(worst, intensity);
  }
  if (known === 0) return undefined;
  return { mean: gramsPerKwh(sum / known), best: gramsPerKwh(best), worst: gramsPerKwh(worst) };
}

/** The times of a pod's wait, as its decision records them. */
export type Waited = Pick<Decision, 'arrivedAt' | 'releasedAt' | 'latestStart'>;

const NOT_KNOWN: Waited = { arrivedAt: null, releasedAt: null, latestStart: null };

/** The placement decision of a pod that was bound to a node; undefined when its candidates are not known. */
export function decisionOf(
  logged: LoggedDecision,
  node: string,
  boundAt: EpochMs,
  waited: Waited = NOT_KNOWN,
): Decision | undefined {
  const table = candidatesOf(logged);
  if (table === undefined) return undefined;
  const candidates = table.candidates();
  const chosen = candidates.find(({ name }) => name === node);
  const region = chosen && regionOf(chosen, table);
  const spread = intensitySpread(candidates);
  const known = candidates.filter(({ zone, intensity }) => zone !== undefined && intensity !== undefined);
  return {
    uid: logged.uid,
    namespace: logged.namespace,
    pod: logged.pod,
    ownerKind: logged.owner?.kind ?? null,
    ownerName: logged.owner?.name ?? null,
    node,
    zone: chosen?.zone ?? null,
    intensity: region?.carbonIntensity ?? null,
    quality: region?.quality ?? null,
    intensityAgeMs: region === undefined ? null : Math.max(0, boundAt - region.fetchedAt),
    candidates: candidates.length,
    candidateZones: encodeCandidateZones(known.map(({ zone }) => zone as Zone)),
    candidatesMean: spread?.mean ?? null,
    candidatesWorst: spread?.worst ?? null,
    candidatesBest: spread?.best ?? null,
    mode: logged.policy.mode,
    ...waited,
    decidedAt: logged.at,
    boundAt,
  };
}

/** A placement decision in one sentence, for the pod's Event and the log; undefined when the intensity is not known. */
export function describePlacement({ zone, intensity, candidatesMean, mode }: Decision): string | undefined {
  if (zone === null || intensity === null || candidatesMean === null) return undefined;
  const advice = mode === 'enforce' ? '' : ' (carbon-extender only advises here)';
  return `placed in ${zone} ${grams(intensity)} g/kWh; the candidates' mean was ${grams(candidatesMean)}${advice}`;
}

function grams(intensity: GramsPerKwh): string {
  return intensity >= 10 ? intensity.toFixed(0) : intensity.toFixed(1);
}

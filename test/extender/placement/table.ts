import type { PodPreferences } from '../../../extender/placement/annotations.ts';
import { type CandidateTable, candidateTable, ownCandidates } from '../../../extender/placement/candidate-table.ts';
import type { Mode } from '../../../extender/placement/mode.ts';
import type { PodPolicy } from '../../../extender/placement/pod-policy.ts';
import type { GramsPerKwh, Watts } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';

/** A table of candidates in fresh zones, each node named after its zone, with its intensity and perhaps its watts. */
export function tableOf(
  intensities: Readonly<Record<string, number | undefined>>,
  watts: Readonly<Record<string, number>> = {},
): CandidateTable {
  const candidates = Object.entries(intensities).map(([name, intensity]) => ({
    name,
    zone: name as Zone,
    intensity: intensity as GramsPerKwh | undefined,
    watts: watts[name] as Watts | undefined,
  }));
  return candidateTable(ownCandidates(candidates), { kind: 'fresh', snapshot: undefined, candidate: () => raise() });
}

/** A policy with some preferences. */
export function policyOf(preferences: PodPreferences, mode: Mode = 'enforce'): PodPolicy {
  return { mode, preferences, invalid: [], key: '' };
}

function raise(): never {
  throw new Error('no node is looked up here');
}

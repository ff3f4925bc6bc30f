import type { GramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { hasPlacementConstraints, type PodPreferences } from './annotations.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { Mode } from './mode.ts';

/** The annotation that a node violates, without its prefix. */
export type ViolationReason = 'zones' | 'max-intensity' | 'cleaner-than';

/** A constraint of the pod that a node does not meet. */
export interface Violation {
  readonly reason: ViolationReason;
  /** True: the node is refused. False: it is only the last choice. */
  readonly forbids: boolean;
  /**
   * What was asked for and what the node's zone is. Constant for the same pod and zone: a text that changes makes
   * kube-scheduler repeat the request at once, in an endless loop.
   */
  readonly text: string;
}

/** Percentiles of a zone's own recent history. */
export interface ZoneHistory {
  /** The intensity that the zone is below for this percent of the time; undefined while fewer than a day is known. */
  percentile(zone: Zone, percent: number): GramsPerKwh | undefined;
}

/** The history where nothing was recorded. */
export const NO_HISTORY: ZoneHistory = { percentile: () => undefined };

/**
 * The violation of each candidate, in the table's order; undefined where there is none. An unknown zone or intensity
 * violates nothing, and while the signal is lost nothing does: this program is never the reason that a pod does not run.
 */
export function violations(
  table: CandidateTable,
  preferences: PodPreferences,
  history: ZoneHistory,
): readonly (Violation | undefined)[] {
  if (table.loss !== undefined || !hasPlacementConstraints(preferences))
    return table.candidates.nodes().map(() => undefined);
  const byZone = new Map<Zone, Violation | undefined>();
  return table.candidates.nodes().map(({ zone, intensity }) => {
    if (zone === undefined) return undefined;
    if (!byZone.has(zone)) byZone.set(zone, violationOf(zone, intensity, preferences, history));
    return byZone.get(zone);
  });
}

const NONE: ReadonlyMap<string, Violation> = new Map();

/** The candidates that the filter refuses to a pod, by node name; with `advise` those that it would refuse. */
export function refusedNodes(
  table: CandidateTable,
  { mode, preferences }: { readonly mode: Mode; readonly preferences: PodPreferences },
  history: ZoneHistory,
): ReadonlyMap<string, Violation> {
  if (mode === 'off' || !hasPlacementConstraints(preferences)) return NONE;
  const refused = new Map<string, Violation>();
  const nodes = table.candidates.nodes();
  for (const [index, violation] of violations(table, preferences, history).entries()) {
    const candidate = nodes[index];
    if (violation?.forbids && candidate !== undefined) refused.set(candidate.name, violation);
  }
  return refused;
}

function violationOf(
  zone: Zone,
  intensity: GramsPerKwh | undefined,
  { zones, maxIntensity, cleanerThan, enforce: forbids = false }: PodPreferences,
  history: ZoneHistory,
): Violation | undefined {
  if (zones !== undefined && !zones.includes(zone)) {
    const text = `carbon: zone ${zone} is not among the allowed ${zones.join(', ')}`;
    return { reason: 'zones', forbids: true, text };
  }
  if (intensity === undefined) return undefined;
  if (maxIntensity !== undefined && intensity > maxIntensity) {
    const text = `carbon: zone ${zone} is above the pod's max-intensity of ${maxIntensity} gCO2eq/kWh`;
    return { reason: 'max-intensity', forbids, text };
  }
  if (cleanerThan === undefined) return undefined;
  const threshold = history.percentile(zone, cleanerThan);
  if (threshold === undefined || intensity <= threshold) return undefined;
  const text = `carbon: zone ${zone} is above p${cleanerThan} of its own recent history`;
  return { reason: 'cleaner-than', forbids, text };
}

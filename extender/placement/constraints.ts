import type { GramsPerKwh } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { PodPreferences } from './annotations.ts';
import type { CandidateTable } from './candidate-table.ts';

/** Which preference a node goes against. */
export type ViolationReason = 'zones' | 'max-intensity' | 'cleaner-than';

/** A node that is not what the pod asks for. */
export interface Violation {
  readonly cause: ViolationReason;
  /** The node is refused, not only the last choice. */
  readonly forbids: boolean;
  /**
   * What was asked and what is. Constant for the same pod and zone: a changing text makes kube-scheduler ask again at once,
   * without end.
   */
  readonly text: string;
}

/** How intense a zone is in its own recent history. */
export interface ZoneHistory {
  /** The intensity that the zone is below for this percent of the time; undefined while too little is known. */
  percentile(zone: Zone, percent: number): GramsPerKwh | undefined;
  /** Changes whenever an answer may have changed. */
  readonly version: number;
}

/** The history of zones that nobody recorded. */
export const NO_HISTORY: ZoneHistory = { version: 0, percentile: () => undefined };

/** Whether any preference limits where the pod may go. */
export function hasPlacementConstraints({ zones, maxIntensity, cleanerThan }: PodPreferences): boolean {
  return zones !== undefined || maxIntensity !== undefined || cleanerThan !== undefined;
}

/**
 * The violation of each candidate, in the field's order; undefined where there is none. An unknown zone or intensity is no
 * violation, and while the signal is lost nothing is one: this program never keeps a pod from running by a fault of its own.
 */
export function violations(
  field: CandidateTable,
  preferences: PodPreferences,
  history: ZoneHistory,
): readonly (Violation | undefined)[] {
  if (field.loss !== undefined || !hasPlacementConstraints(preferences)) return field.names.map(() => undefined);
  const byZone = new Map<Zone, Violation | undefined>();
  return field.zones.map((zone, at) => {
    if (zone === undefined) return undefined;
    if (!byZone.has(zone)) byZone.set(zone, violationOf(zone, field.intensities[at], preferences, history));
    return byZone.get(zone);
  });
}

function violationOf(
  zone: Zone,
  intensity: GramsPerKwh | undefined,
  { zones, maxIntensity, cleanerThan, enforce: forbids = false }: PodPreferences,
  history: ZoneHistory,
): Violation | undefined {
  if (zones !== undefined && !zones.includes(zone))
    return { cause: 'zones', forbids: true, text: `carbon: zone ${zone} is not among the allowed ${zones.join(', ')}` };
  if (intensity === undefined) return undefined;
  if (maxIntensity !== undefined && intensity > maxIntensity) {
    const text = `carbon: zone ${zone} is above the pod's max-intensity of ${maxIntensity} gCO2eq/kWh`;
    return { cause: 'max-intensity', forbids, text };
  }
  if (cleanerThan === undefined) return undefined;
  const threshold = history.percentile(zone, cleanerThan);
  if (threshold === undefined || intensity <= threshold) return undefined;
  const text = `carbon: zone ${zone} is above p${cleanerThan} of its own recent history`;
  return { cause: 'cleaner-than', forbids, text };
}

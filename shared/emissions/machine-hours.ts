import { type EpochMs, HOUR_MS } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';
import type { Facility, SourcedFigure } from '../records/facility.ts';

/** What is known of the building and the making of a node's machine in one UTC hour. */
export interface MachineHour {
  /** Power usage effectiveness of the building; undefined: not known. */
  readonly pue: SourcedFigure | undefined;
  /** gCO2e of making the machine for the part of the hour for which the node's power is known; undefined: not known. */
  readonly embodiedGrams: SourcedFigure | undefined;
  /** All that the node used in the hour: the making is shared by energy. */
  readonly nodeJoules: number;
}

/** Looks up the machine of a node in an hour. */
export type MachineAt = (node: string, zone: Zone | null, hour: EpochMs) => MachineHour;

/** Machines of nodes hour by hour, by all energy that the nodes used: of every namespace, idle energy included. */
export function machineHours(
  facility: Facility,
  energy: Iterable<{
    readonly container: { readonly node: string };
    readonly hour: EpochMs;
    readonly joules: number;
    readonly coveredMs: number;
  }>,
): MachineAt {
  const uses = new Map<string, { joules: number; coveredMs: number }>();
  const keyOf = (node: string, hour: EpochMs) => `${hour} ${node}`;
  for (const { container, hour, joules, coveredMs } of energy) {
    const key = keyOf(container.node, hour);
    const use = uses.get(key);
    if (use === undefined) {
      uses.set(key, { joules, coveredMs });
      continue;
    }
    use.joules += joules;
    use.coveredMs = Math.max(use.coveredMs, coveredMs);
  }
  return (node, zone, hour) => {
    const { joules = 0, coveredMs = 0 } = uses.get(keyOf(node, hour)) ?? {};
    const perHour = facility.embodiedPerHour(node);
    return {
      pue: facility.pueOf(node, zone ?? undefined),
      embodiedGrams: perHour && { ...perHour, value: perHour.value * Math.min(1, coveredMs / HOUR_MS) },
      nodeJoules: joules,
    };
  };
}

/** Energy of the building for some energy of a node, in joules; undefined without a PUE. */
export function facilityJoulesOf(joules: number, machine: Pick<MachineHour, 'pue'> | undefined): number | undefined {
  return machine?.pue && joules * machine.pue.value;
}

/** The share of the making of a node's machine that goes with some of its energy, in gCO2e; undefined where it is not known. */
export function embodiedShareOf(
  joules: number,
  machine: Pick<MachineHour, 'embodiedGrams' | 'nodeJoules'> | undefined,
): number | undefined {
  if (machine?.embodiedGrams === undefined) return undefined;
  return machine.nodeJoules > 0 ? (machine.embodiedGrams.value * joules) / machine.nodeJoules : 0;
}

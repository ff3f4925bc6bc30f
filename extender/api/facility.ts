import { type FacilitySettings, facilityOf } from '../../shared/power-model/facility.ts';
import type { Facility } from '../../shared/records/facility.ts';
import type { NodeMachine, NodeMachineStore } from '../../shared/records/node-machines.ts';
import type { Clock } from '../../shared/runtime/clock.ts';

/** Nodes join in minutes. */
const REFRESH_MS = 60_000;

/** What is known of the buildings and the making of nodes, from the machines that the poller stored. */
export function storedFacility(
  store: Pick<NodeMachineStore, 'nodeMachines'>,
  settings: FacilitySettings,
  clock: Clock,
): () => Promise<Facility> {
  let machines: ReadonlyMap<string, NodeMachine> = new Map();
  let next = -Infinity;
  return async () => {
    if (clock.monotonic() >= next) {
      machines = await store.nodeMachines();
      next = clock.monotonic() + REFRESH_MS;
    }
    return facilityOf(machines, settings);
  };
}

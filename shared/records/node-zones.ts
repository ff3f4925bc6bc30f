import type { EpochMs } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';

/** Remembers the zones of nodes, also of nodes that have left the cluster. */
export interface NodeZoneStore {
  /** Keeps what differs from what is known; `since` is when the node had it first. Durable when it resolves. */
  recordNodeZones(zones: ReadonlyMap<string, Zone>, since: EpochMs): Promise<void>;
  /** The last known zone of each node; empty while nothing was ever kept. */
  nodeZones(): Promise<ReadonlyMap<string, Zone>>;
}

/** One zone of one node, as adapters keep it. */
export interface NodeZoneRow {
  readonly node: string;
  readonly zone: Zone;
}

import type { EpochMs } from '../grid/units.ts';
import type { Zone } from '../grid/zones.ts';

/** Remembers the zones that nodes told, also of nodes that have left the cluster. */
export interface NodeZoneStore {
  /** Keeps what differs from what is known; `since` is when it was told. Durable when it resolves. */
  recordNodeZones(zones: ReadonlyMap<string, Zone>, since: EpochMs): Promise<void>;
  /** The zone that each node told last; empty while nothing was ever kept. */
  nodeZones(): Promise<ReadonlyMap<string, Zone>>;
}

/** One zone of one node, as adapters keep it. */
export interface NodeZoneRow {
  readonly node: string;
  readonly zone: Zone;
}

import type { MeterReadingsStore } from '../records/meter-readings.ts';
import type { NodeMachineStore } from '../records/node-machines.ts';
import type { NodeZoneStore } from '../records/node-zones.ts';
import type { DecisionStore } from '../records/placements.ts';
import type { ReadableStore, WritableStore } from '../records/power.ts';
import type { WorkloadStore } from '../records/workloads.ts';
import type { Lease, LeasePurpose } from '../runtime/lease.ts';
import type { AlertMemory } from './alert-memory.ts';
import type { Backlog } from './spool/backlog.ts';
import type { SqliteFileState } from './sqlite/file.ts';

/** Everything that is kept, opened once per process: its parts share one file or one pool of connections. */
export interface Store extends AsyncDisposable {
  /** Container energy and carbon intensity. */
  readonly history: ReadableStore;
  readonly decisions: DecisionStore;
  readonly meters: MeterReadingsStore;
  readonly workloads: WorkloadStore;
  readonly nodeZones: NodeZoneStore;
  readonly nodeMachines: NodeMachineStore;
  /** Whether an embedded store can be used, and what was set aside; absent for a database, which has its own checks. */
  readonly state?: () => SqliteFileState;
}

/** The store as the poller has it. */
export interface RecordingStore extends Store {
  readonly history: WritableStore;
  readonly alerts: AlertMemory;
  /** What waits on disk for the database; absent where nothing can. */
  readonly backlog?: () => Backlog;
  /** Enters the competition for the right to do something that one of several pollers does. Dispose it before the store. */
  lease(purpose: LeasePurpose): Lease;
}

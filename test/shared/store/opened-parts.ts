import type { MeterReadingsStore } from '../../../shared/records/meter-readings.ts';
import type { NodeMachineStore } from '../../../shared/records/node-machines.ts';
import type { NodeZoneStore } from '../../../shared/records/node-zones.ts';
import type { DecisionStore } from '../../../shared/records/placements.ts';
import type { ReadableStore, WritableStore } from '../../../shared/records/power.ts';
import type { WorkloadStore } from '../../../shared/records/workloads.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import type { AlertMemory } from '../../../shared/store/alert-memory.ts';
import { openSqliteStore } from '../../../shared/store/sqlite/store.ts';
import type { RecordingStore } from '../../../shared/store/store.ts';
import { openTimescaleStore } from '../../../shared/store/timescale/store.ts';
import { capturedLog } from '../../captured-log.ts';

/** A part of a store that a test has opened for itself; disposing it closes the store. */
export type Opened<Part> = Part & AsyncDisposable;

/** The embedded store of a folder as the poller opens it. */
export function sqliteRecording(folder: string): RecordingStore {
  return openSqliteStore(folder, { clock: systemClock, logger: capturedLog() });
}

/** The store in PostgreSQL as the poller opens it. */
export function timescaleRecording(dsn: string, retentionDays?: number, leaseName = 'test'): RecordingStore {
  const recording = { retentionDays, leaseName, clock: systemClock, logger: capturedLog() };
  return openTimescaleStore({ dsn, recording });
}

/** A history for recording in a folder. */
export function openSqliteWriter(folder: string): Opened<WritableStore> {
  return part(sqliteRecording(folder), ({ history }) => history);
}

/** A history for queries in a folder. */
export function openSqliteReader(folder: string): Opened<ReadableStore> {
  return part(openSqliteStore(folder), ({ history }) => history);
}

/** Workloads and budgets in a folder. */
export function openSqliteWorkloads(folder: string): Opened<WorkloadStore> {
  return part(openSqliteStore(folder), ({ workloads }) => workloads);
}

/** Meter readings in a folder. */
export function openSqliteReadings(folder: string): Opened<MeterReadingsStore> {
  return part(sqliteRecording(folder), ({ meters }) => meters);
}

/** Decisions in a folder. */
export function openSqliteDecisions(folder: string): Opened<DecisionStore> {
  return part(openSqliteStore(folder), ({ decisions }) => decisions);
}

/** The zones and machines of nodes in a folder. */
export function openSqliteNodeZones(folder: string): Opened<NodeZoneStore & NodeMachineStore> {
  return part(openSqliteStore(folder), ({ nodeZones, nodeMachines }) => ({ ...nodeZones, ...nodeMachines }));
}

/** A history for recording in PostgreSQL. Without `retentionDays` the database drops nothing by itself, however old a test's times are. */
export function openTimescaleWriter(dsn: string, retentionDays?: number): Opened<WritableStore> {
  return part(timescaleRecording(dsn, retentionDays), ({ history }) => history);
}

/** A history for queries in PostgreSQL. */
export function openTimescaleReader(dsn: string): Opened<ReadableStore> {
  return part(openTimescaleStore({ dsn }), ({ history }) => history);
}

/** Workloads and budgets in PostgreSQL. */
export function openTimescaleWorkloads(dsn: string): Opened<WorkloadStore> {
  return part(openTimescaleStore({ dsn }), ({ workloads }) => workloads);
}

/** Meter readings in PostgreSQL. */
export function openTimescaleReadings(dsn: string): Opened<MeterReadingsStore> {
  return part(openTimescaleStore({ dsn }), ({ meters }) => meters);
}

/** Decisions in PostgreSQL. */
export function openTimescaleDecisions(dsn: string): Opened<DecisionStore> {
  return part(openTimescaleStore({ dsn }), ({ decisions }) => decisions);
}

/** The zones and machines of nodes in PostgreSQL. */
export function openTimescaleNodeZones(dsn: string): Opened<NodeZoneStore & NodeMachineStore> {
  return part(openTimescaleStore({ dsn }), ({ nodeZones, nodeMachines }) => ({ ...nodeZones, ...nodeMachines }));
}

/** The memory of alerts in PostgreSQL under a name. */
export function openTimescaleAlerts(dsn: string, leaseName: string): Opened<AlertMemory> {
  return part(timescaleRecording(dsn, undefined, leaseName), ({ alerts }) => alerts);
}

function part<Part extends object>(store: RecordingStore, choose: (store: RecordingStore) => Part): Opened<Part> {
  return Object.assign(choose(store), { [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() });
}

/** Joules of all hours that the embedded store of a folder keeps, to the millijoule. */
export async function joulesOfHours(folder: string): Promise<number> {
  await using store = openSqliteReader(folder);
  let total = 0;
  for await (const hour of store.hourly({}, { from: 0, to: Number.MAX_SAFE_INTEGER })) total += hour.joules;
  return Math.round(total * 1000) / 1000;
}

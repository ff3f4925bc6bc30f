import { STORE_ERRORS } from '../../errors/store-errors.ts';
import type { WritableStore } from '../../records/power.ts';
import type { OnCertificate } from '../../runtime/certificates.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { LeasePurpose } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RecordingStore } from '../store.ts';
import { timescaleAlertMemory } from './alert-memory.ts';
import { ConnectionPool, type TimescaleDatabase } from './database.ts';
import { DatabaseError, describeDsn } from './database-error.ts';
import { timescaleDecisions } from './decision-table.ts';
import { timescaleIntensityReader } from './intensity-table.ts';
import { timescaleIntensityWriter } from './intensity-writer.ts';
import { BEAT_MS, DatabaseLease } from './lease.ts';
import { migrate } from './migrate.ts';
import { timescaleNodeMachines } from './node-machines.ts';
import { timescaleNodeZones } from './node-zones.ts';
import { applyPolicies } from './policies.ts';
import { isBehindPooler } from './pooler.ts';
import { TimescalePowerReader } from './power-reader.ts';
import { TimescalePowerWriter } from './power-writer.ts';
import { timescaleReadings } from './readings-store.ts';
import { timescaleWorkloads } from './workloads.ts';

/** Longest time that one write may take, in milliseconds: beyond it the data waits in the spool. */
const WRITE_MS = 30_000;
/** Longest time that one query of the history may take, in milliseconds. */
const READ_MS = 60_000;

/** Connections of a process at most; poller and extender together stay below 15. */
const CONNECTIONS = { recording: 6, reading: 8 };

/** How the store in PostgreSQL is opened. */
export interface TimescaleStoreOptions {
  readonly dsn: string;
  /** Set for the poller: days after which the database may drop chunks by itself, and whom pollers take turns with. */
  readonly recording?: {
    readonly retentionDays: number | undefined;
    readonly leaseName: string;
    readonly clock: Clock;
    readonly logger: Logger;
  };
  readonly onCertificate?: OnCertificate | undefined;
}

/** Opens the store in PostgreSQL. Connects with the first use: the database may be away. Migrates it where it has to. */
export function openTimescaleStore({ dsn, recording, onCertificate }: TimescaleStoreOptions): RecordingStore {
  const pool = new ConnectionPool({
    dsn,
    onCertificate,
    connections: recording ? CONNECTIONS.recording : CONNECTIONS.reading,
    prepare: async (connection) => {
      await migrate(connection);
      if (recording === undefined) return;
      if (await isBehindPooler(connection))
        recording.logger.info({ database: describeDsn(dsn) }, 'PostgreSQL is behind a connection pooler');
      await applyPolicies(connection, recording.retentionDays, (error) => {
        const err = DatabaseError.from(describeDsn(dsn), error);
        recording.logger.warn({ code: 'STORE_POLICIES_REFUSED', err }, STORE_ERRORS.STORE_POLICIES_REFUSED.message);
      });
    },
  });
  const database = pool.within(WRITE_MS);
  return {
    history: history(database, pool.within(READ_MS)),
    decisions: timescaleDecisions(database),
    meters: timescaleReadings(database),
    workloads: timescaleWorkloads(database),
    nodeZones: timescaleNodeZones(database),
    nodeMachines: timescaleNodeMachines(database),
    alerts: timescaleAlertMemory(pool.within(BEAT_MS), recording?.leaseName ?? ''),
    lease: (purpose) => lease(pool, purpose, recording),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function lease(pool: ConnectionPool, purpose: LeasePurpose, recording: TimescaleStoreOptions['recording']) {
  if (recording === undefined) throw new Error('only a store that is opened for recording has leases');
  const { leaseName, clock, logger } = recording;
  // Budgets belong to the database, whatever records into it.
  const name = purpose === 'budgets' ? 'budgets' : leaseName;
  return new DatabaseLease({ database: pool.within(BEAT_MS), name, purpose, clock, logger });
}

function history(database: TimescaleDatabase, reading: TimescaleDatabase): WritableStore {
  const writer = new TimescalePowerWriter(database);
  const reader = new TimescalePowerReader(reading);
  return {
    ...timescaleIntensityReader(reading),
    ...timescaleIntensityWriter(database),
    containers: (filter) => reader.containers(filter),
    samples: (filter, range, after) => reader.samples(filter, range, after),
    lastBlocks: (filter, blocks) => reader.lastBlocks(filter, blocks),
    hourly: (filter, range) => reader.hourly(filter, range),
    energyTotals: (request) => reader.energyTotals(request),
    hourTotals: (members, hours) => reader.hourTotals(members, hours),
    nodeTimes: (pieces) => reader.nodeTimes(pieces),
    totals: () => reader.totals(),
    podLabels: () => reader.podLabels(),
    append: (tick) => writer.append(tick),
    recordLabels: (pods, now) => writer.recordLabels(pods, now),
    compact: (now) => writer.compact(now),
    forgetBefore: (time) => writer.forgetBefore(time),
  };
}

import { STORE_ERRORS } from '../../errors/store-errors.ts';
import type { WritableStore } from '../../records/power.ts';
import type { Clock } from '../../runtime/clock.ts';
import { soleLease } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/logger.ts';
import { alertFile } from '../alert-file.ts';
import type { RecordingStore } from '../store.ts';
import { sqliteDecisions } from './decision-table.ts';
import { SqliteFile } from './file.ts';
import { FileLease } from './file-lease.ts';
import { sqliteIntensityReader, sqliteIntensityWriter } from './intensity-table.ts';
import { sqliteNodeMachines } from './node-machines.ts';
import { sqliteNodeZones } from './node-zones.ts';
import { SqlitePowerReader } from './power-reader.ts';
import { SqlitePowerWriter } from './power-writer.ts';
import { sqliteReadingsReader } from './readings-reader.ts';
import { sqliteReadingsWriter } from './readings-writer.ts';
import { sqliteWorkloads } from './workloads.ts';

/** What the embedded store of a poller needs beside its folder. */
export interface SqliteRecording {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens the embedded store of a folder; the first write makes its file, with `recording` at once. Never throws: where the
 * file cannot be used, each use rejects, and the state says why. With `recording` a damaged file is set aside.
 */
export function openSqliteStore(folder: string, recording?: SqliteRecording): RecordingStore {
  const file = new SqliteFile(folder, {
    ...(recording && { clock: recording.clock }),
    onSetAside: (name, reason) =>
      recording?.logger.error({ code: 'STORE_SET_ASIDE', file: name, reason }, STORE_ERRORS.STORE_SET_ASIDE.message),
  });
  if (recording !== undefined) openNow(file, recording.logger);
  return {
    history: history(file),
    decisions: sqliteDecisions(file),
    meters: { ...sqliteReadingsReader(file), ...sqliteReadingsWriter(file) },
    workloads: sqliteWorkloads(file),
    nodeZones: sqliteNodeZones(file),
    nodeMachines: sqliteNodeMachines(file),
    alerts: alertFile(folder),
    state: () => file.state(),
    lease: (purpose) => (recording === undefined ? soleLease : new FileLease({ folder, purpose, ...recording })),
    async [Symbol.asyncDispose]() {
      file[Symbol.dispose]();
    },
  };
}

function openNow(file: SqliteFile, logger: Logger): void {
  try {
    file.check();
    file.writer();
  } catch (err) {
    logger.error({ code: 'STORE_UNUSABLE', err }, STORE_ERRORS.STORE_UNUSABLE.message);
  }
}

function history(file: SqliteFile): WritableStore {
  const writer = new SqlitePowerWriter(() => file.writer());
  const reader = new SqlitePowerReader(() => file.reader());
  return {
    ...sqliteIntensityReader(() => file.reader()),
    ...sqliteIntensityWriter(() => file.writer()),
    containers: (filter) => reader.containers(filter),
    samples: (filter, range, after) => reader.samples(filter, range, after),
    lastBlocks: (filter, blocks) => reader.lastBlocks(filter, blocks),
    hourly: (filter, range) => reader.hourly(filter, range),
    energyTotals: (request) => reader.energyTotals(request),
    hourTotals: (members, hours) => reader.hourTotals(members, hours),
    totals: () => reader.totals(),
    podLabels: () => reader.podLabels(),
    append: (tick) => writer.append(tick),
    compact: (now) => writer.compact(now),
    forgetBefore: (time) => writer.forgetBefore(time),
    forgetBeyond: (maxBytes) => writer.forgetBeyond(maxBytes),
    recordLabels: (pods, now) => writer.recordLabels(pods, now),
  };
}

import type { WritableStore } from '../../records/power.ts';
import { soleLease } from '../../runtime/lease.ts';
import { alertFile } from '../alert-file.ts';
import type { RecordingStore } from '../store.ts';
import { sqliteDecisions } from './decision-table.ts';
import { SqliteFile } from './file.ts';
import { sqliteIntensityReader, sqliteIntensityWriter } from './intensity-table.ts';
import { sqliteNodeZones } from './node-zones.ts';
import { SqlitePowerReader } from './power-reader.ts';
import { SqlitePowerWriter } from './power-writer.ts';
import { sqliteReadingsReader } from './readings-reader.ts';
import { sqliteReadingsWriter } from './readings-writer.ts';
import { sqliteWorkloads } from './workloads.ts';

/** Opens the embedded store of a folder. The file is made by the first write, at once with `recording`. */
export function openSqliteStore(folder: string, { recording }: { readonly recording: boolean }): RecordingStore {
  const file = new SqliteFile(folder);
  if (recording) file.writer();
  return {
    history: history(file),
    decisions: sqliteDecisions(file),
    meters: { ...sqliteReadingsReader(file), ...sqliteReadingsWriter(file) },
    workloads: sqliteWorkloads(file),
    nodeZones: sqliteNodeZones(file),
    alerts: alertFile(folder),
    lease: () => soleLease,
    async [Symbol.asyncDispose]() {
      file[Symbol.dispose]();
    },
  };
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
    totals: () => reader.totals(),
    podLabels: () => reader.podLabels(),
    append: (tick) => writer.append(tick),
    compact: (now) => writer.compact(now),
    forgetBefore: (time) => writer.forgetBefore(time),
    recordLabels: (pods, now) => writer.recordLabels(pods, now),
  };
}

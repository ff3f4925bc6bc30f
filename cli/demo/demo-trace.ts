import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import writeFileAtomic from 'write-file-atomic';
import type { ForecastPoint } from '../../shared/grid/intensity.ts';
import { parseTrace, replayedIntensity, type Trace } from '../../shared/grid/trace.ts';
import { type EpochMs, HOUR_MS, hourOf, isoTime } from '../../shared/grid/units.ts';
import { type Zone, zone } from '../../shared/grid/zones.ts';

const BUILT_IN = join(import.meta.dirname, '../../shared/data/trace-2021.csv.gz');
/** Zones whose values at 00:00 UTC are an artefact of the data set: they differ from both neighbours the whole year. */
const MIDNIGHT_ARTEFACT = [zone('DE')];

/** Reads the built-in trace, replaces the artefacts at midnight by the mean of their neighbours, and writes it into a folder. */
export async function writeDemoTrace(folder: string): Promise<{ readonly file: string; readonly trace: Trace }> {
  const trace = parseTrace(gunzipSync(readFileSync(BUILT_IN)).toString('utf8'));
  for (const each of MIDNIGHT_ARTEFACT) smoothMidnights(trace, trace.zones.get(each));
  const file = join(folder, 'trace-2021-smoothed.csv.gz');
  await writeFileAtomic(file, gzipSync(csvOf(trace)));
  return { file, trace };
}

/** What a trace has for a zone in the hours from the present one on, as a forecast that would prove right. */
export function hoursAhead(trace: Trace, of: Zone, from: EpochMs, hours: number): ForecastPoint[] {
  return Array.from({ length: hours }, (_, index) => hourOf(from) + index * HOUR_MS).flatMap((datetime) => {
    const carbonIntensity = replayedIntensity(trace, of, datetime);
    return carbonIntensity === undefined ? [] : [{ datetime, carbonIntensity }];
  });
}

function smoothMidnights(trace: Trace, values: Float64Array | undefined): void {
  if (values === undefined) return;
  for (let index = 1; index < values.length - 1; index++)
    if (new Date(trace.start + index * HOUR_MS).getUTCHours() === 0)
      values[index] = ((values[index - 1] ?? Number.NaN) + (values[index + 1] ?? Number.NaN)) / 2;
}

function csvOf({ start, hours, zones }: Trace): string {
  const columns = [...zones.values()];
  const cell = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? '' : String(Math.round(value * 100) / 100);
  const rows = Array.from({ length: hours }, (_, index) =>
    [isoTime(start + index * HOUR_MS), ...columns.map((values) => cell(values[index]))].join(','),
  );
  return `${['hour_utc', ...zones.keys()].join(',')}\n${rows.join('\n')}\n`;
}

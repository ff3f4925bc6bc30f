import { csvLines, csvNumber } from './csv-lines.ts';
import { type EpochMs, type GramsPerKwh, gramsPerKwh, HOUR_MS, hourOf } from './units.ts';
import { type Zone, zone } from './zones.ts';

/** Hourly intensity of several zones over a span of time; gaps are NaN. */
export interface Trace {
  /** Start of the first hour. */
  readonly start: EpochMs;
  readonly hours: number;
  readonly zones: ReadonlyMap<Zone, Float64Array>;
}

/** Reads CSV with a header `hour_utc,ZONE,ZONE…` and one row an hour, without gaps between rows; an empty cell is unknown. Throws on anything else. */
export function parseTrace(csv: string): Trace {
  const [header, ...rows] = csvLines(csv);
  const [first, ...codes] = header?.text.split(',') ?? [];
  if (first !== 'hour_utc' || codes.length === 0)
    throw new SyntaxError('a trace starts with the header hour_utc,ZONE,…');
  const start = Date.parse(rows[0]?.text.split(',')[0] ?? '');
  if (Number.isNaN(start) || start !== hourOf(start))
    throw new SyntaxError(`line ${rows[0]?.line ?? 2} does not start with a full UTC hour`);
  const columns = codes.map((code) => [zone(code), new Float64Array(rows.length).fill(Number.NaN)] as const);
  for (const [index, { line, text }] of rows.entries()) {
    const [time = '', ...cells] = text.split(',');
    if (Date.parse(time) !== start + index * HOUR_MS)
      throw new SyntaxError(`line ${line} is not the hour after the one before it`);
    if (cells.length > codes.length) throw new SyntaxError(`line ${line} has more cells than the header`);
    for (const [column, [, values]] of columns.entries()) values[index] = intensityOf(cells[column] ?? '', line);
  }
  return { start, hours: rows.length, zones: new Map(columns) };
}

function intensityOf(cell: string, line: number): number {
  const value = cell.trim() === '' ? Number.NaN : csvNumber(cell);
  if (value !== undefined) return value;
  throw new SyntaxError(`line ${line}: "${cell}" is not a carbon intensity`);
}

/** The value of the hour that a time lies in, the trace repeated endlessly; undefined for an unknown zone or hour. */
export function replayedIntensity(trace: Trace, of: Zone, time: EpochMs): GramsPerKwh | undefined {
  const values = trace.zones.get(of);
  const hour = Math.floor((time - trace.start) / HOUR_MS);
  const value = values?.[((hour % trace.hours) + trace.hours) % trace.hours];
  return value === undefined || Number.isNaN(value) ? undefined : gramsPerKwh(value);
}

import { csvLines, csvNumber } from './csv-lines.ts';
import { parseTrace, type Trace } from './trace.ts';
import { type EpochMs, HOUR_MS, hourOf } from './units.ts';
import { type Zone, zone } from './zones.ts';

const MOST_HOURS = 20 * 366 * 24;

/** Which of the two figures of an Electricity Maps export is read. */
export type EmissionFactors = 'lifecycle' | 'direct';

/** One reading of a foreign file: its time, its zone, and its value, which may be missing. */
interface Row {
  readonly time: EpochMs;
  readonly zone: Zone;
  readonly value: number;
}

/** Where a foreign format keeps what we need; indices of columns. */
interface Columns {
  readonly time: number;
  readonly value: number;
  /** Absent where the whole file is about one zone. */
  readonly zone?: number;
  readonly only?: Zone;
}

/**
 * Reads a trace from CSV: ours (`hour_utc,ZONE,…`), an Electricity Maps export, or the UK's (`datetime` or `from`, with
 * `actual`; the zone is GB, half-hours become the mean of their hour). Rows may come in any order and leave gaps, which
 * are NaN. Throws a SyntaxError that names the line.
 */
export function importTrace(csv: string, factors: EmissionFactors = 'lifecycle'): Trace {
  const [header, ...lines] = csvLines(csv);
  if (header?.text.startsWith('hour_utc,')) return parseTrace(csv);
  const columns = columnsOf(
    cellsOf(header?.text ?? '').map((cell) => cell.trim()),
    factors,
  );
  return hourlyMeans(lines.map(({ line, text }) => rowOf(cellsOf(text), columns, line)));
}

function columnsOf(header: readonly string[], factors: EmissionFactors): Columns {
  const find = (pattern: RegExp): number => header.findIndex((name) => pattern.test(name));
  const time = find(/^(datetime|from)( \(utc\))?$/i);
  const zoneColumn = find(/^zone id$/i);
  if (time >= 0 && zoneColumn >= 0) {
    const value = find(
      factors === 'direct' ? /^carbon intensity.*\(direct\)/i : /^carbon intensity.*\((life ?cycle|lca)\)/i,
    );
    if (value < 0) throw new SyntaxError(`an Electricity Maps export without a column of ${factors} carbon intensity`);
    return { time, value, zone: zoneColumn };
  }
  const value = find(/^(actual( carbon intensity.*)?|carbon_intensity)$/i);
  if (time >= 0 && value >= 0) return { time, value, only: zone('GB') };
  throw new SyntaxError(
    'neither ours (hour_utc,ZONE,…), nor an Electricity Maps export (Datetime (UTC), Zone id, Carbon intensity …), nor the UK’s (datetime or from, actual)',
  );
}

function rowOf(cells: readonly string[], columns: Columns, line: number): Row {
  const time = parseUtc(cells[columns.time] ?? '');
  if (Number.isNaN(time)) throw new SyntaxError(`line ${line}: "${cells[columns.time] ?? ''}" is not a time`);
  const text = (cells[columns.value] ?? '').trim();
  const value = /^(null|nan|n\/a)?$/i.test(text) ? Number.NaN : csvNumber(text);
  if (value === undefined) throw new SyntaxError(`line ${line}: "${text}" is not a carbon intensity`);
  const of = columns.zone === undefined ? columns.only : zone(cells[columns.zone] ?? '');
  return { time, zone: of as Zone, value };
}

/** ISO 8601 with `T` or a space, with or without seconds and `Z`; always UTC. NaN for anything else. */
function parseUtc(text: string): EpochMs {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.\d+)?)?(?:Z|\+00(?::?00)?)?$/.exec(text.trim());
  return match ? Date.parse(`${match[1]}T${match[2]}:${match[3] ?? '00'}Z`) : Number.NaN;
}

function hourlyMeans(rows: readonly Row[]): Trace {
  let start = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { time } of rows) {
    start = Math.min(start, hourOf(time));
    last = Math.max(last, hourOf(time));
  }
  const hours = rows.length === 0 ? 0 : (last - start) / HOUR_MS + 1;
  if (hours === 0) throw new SyntaxError('the file has a header and no rows');
  if (hours > MOST_HOURS) throw new SyntaxError('the rows span more than 20 years');
  const sums = new Map<Zone, { total: Float64Array; count: Float64Array }>();
  for (const row of rows) {
    let sum = sums.get(row.zone);
    if (!sum) {
      sum = { total: new Float64Array(hours), count: new Float64Array(hours) };
      sums.set(row.zone, sum);
    }
    if (Number.isNaN(row.value)) continue;
    const hour = (hourOf(row.time) - start) / HOUR_MS;
    sum.total[hour] = (sum.total[hour] as number) + row.value;
    sum.count[hour] = (sum.count[hour] as number) + 1;
  }
  // Zero readings over zero is NaN, which is what an unknown hour is.
  const means = [...sums].map(
    ([of, { total, count }]) => [of, total.map((sum, hour) => sum / (count[hour] as number))] as const,
  );
  return { start, hours, zones: new Map(means) };
}

/** Cells of one CSV line; a quoted cell may hold commas and doubled quotes. */
function cellsOf(line: string): readonly string[] {
  const cells: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
  }
  return cells;
}

import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { HourlyUse } from '../shared/calculator/intensity-used.ts';
import { parseTime, writtenPeriod } from '../shared/calculator/period.ts';
import { isCodedError } from '../shared/errors/catalogue.ts';
import type { EpochMs } from '../shared/grid/units.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { cliError } from './errors.ts';
import { fileReason } from './file-reason.ts';
import { parseNumber } from './options.ts';

/** A row of a CSV file. */
export interface CsvRow {
  /** The line of the file that it starts in, from 1. */
  readonly line: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A row as csv-parse gives it. */
interface ParsedRow {
  readonly record: Record<string, string>;
  readonly raw: string;
  /** `lines` is the line that the row ends in. */
  readonly info: { readonly lines: number };
}

/**
 * Rows of a CSV file by column name, which `required` and `optional` give whatever its case in the file, as programs and spreadsheets of any country write it: UTF-8, UTF-16 or
 * Windows-1252, separated by commas, tabs, or by semicolons with decimal commas; a first line such as `sep=;` is heeded.
 * Throws FILE_INVALID with the file and the line when it cannot be read.
 */
export function readCsv(file: string, required: readonly string[], optional: readonly string[] = []): CsvRow[] {
  const known = new Map([...required, ...optional].map((name) => [name.toLowerCase(), name]));
  let rows: CsvRow[];
  try {
    const { text, delimiter, headerFrom } = separated(decoded(readFileSync(file)).replaceAll(/\r\n?/g, '\n'));
    const columns = (header: string[]) => namesOf(header, known);
    const skip = { skip_empty_lines: true, skip_records_with_empty_values: true, from_line: headerFrom };
    const parsed: unknown = parse(text, { columns, bom: true, trim: true, ...skip, delimiter, info: true, raw: true });
    rows = (parsed as ParsedRow[]).map(({ record, raw, info }) => {
      const line = info.lines - (raw.trim().split('\n').length - 1);
      return { line, fields: withPlainNumbers(file, line, record, delimiter === ';') };
    });
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw cliError('FILE_INVALID', { file, reason: fileReason(error) });
  }
  const missing = required.filter((name) => rows[0] !== undefined && !(name in rows[0].fields));
  if (rows.length === 0 || missing.length > 0)
    throw cliError('FILE_INVALID', {
      file,
      reason: `a header with ${required.join(',')} and at least one row are needed${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''}`,
    });
  return rows;
}

/** The names of columns as `known` has them. Throws where one of those comes twice: which of both counts would be a guess. */
function namesOf(header: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const names = header.map((name) => known.get(name.trim().toLowerCase()) ?? name);
  const wanted = new Set(known.values());
  const twice = names.find((name, at) => wanted.has(name) && names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`its header has ${twice} twice`);
  return names;
}

/** Requests per hour from a CSV with hour,requests; only those within the period. */
export function readUsage(file: string, period: TimeRange): HourlyUse[] {
  const use = readCsv(file, ['hour', 'requests']).map(({ line, fields: { hour = '', requests = '' } }) => {
    const amount = parseNumber(`${file} line ${line}: requests`, requests, { least: 0 });
    return { hour: hourIn(file, line, hour), amount };
  });
  const within = use.filter(({ hour, amount }) => amount > 0 && hour >= period.from && hour < period.to);
  if (within.length > 0) return within;
  throw cliError('NO_REQUESTS', { file, period: writtenPeriod(period) });
}

/** A time of a row; spreadsheets write a space instead of its T. */
function hourIn(file: string, line: number, written: string): EpochMs {
  try {
    return parseTime(written.replace(/^(\d{4}-\d\d-\d\d) +(?=\d)/, '$1T'));
  } catch (error) {
    throw cliError('FILE_INVALID', { file, reason: `line ${line}: ${(error as Error).message}` });
  }
}

const ZIP = Buffer.from('PK\x03\x04');

/** Text by its byte order mark, or by what its first bytes can only be. Throws for a workbook. */
function decoded(bytes: Buffer): string {
  if (bytes.subarray(0, ZIP.length).equals(ZIP)) throw new Error('it is a workbook; save it as CSV');
  const [first, second] = bytes;
  // A header is ASCII mostly, of which UTF-16 has every other byte zero.
  if ((first === 0xff && second === 0xfe) || second === 0) return new TextDecoder('utf-16le').decode(bytes);
  if ((first === 0xfe && second === 0xff) || first === 0) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** What separates the fields of a text, and the line from which its header is looked for. Names of columns contain no delimiter. */
function separated(text: string): { text: string; delimiter: string; headerFrom: number } {
  const named = /^\ufeff?sep=(.)(?=\n|$)/i.exec(text);
  const header = /\S.*/.exec(text.slice(named?.[0].length ?? 0))?.[0] ?? '';
  const delimiter = named?.[1] ?? [';', '\t'].find((each) => header.includes(each)) ?? ',';
  return { text, delimiter, headerFrom: named === null ? 1 : 2 };
}

/**
 * Decimal commas become points where they are used, and spaces or apostrophes between thousands go. A point or comma
 * between thousands could be either, so it is refused.
 */
function withPlainNumbers(
  file: string,
  line: number,
  row: Readonly<Record<string, string>>,
  decimalComma: boolean,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).map(([name, written]) => {
      const grouped = /^-?\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d+)?$/.test(written);
      const value = grouped ? written.replaceAll(/[ \u00a0\u202f'’]/g, '') : written;
      if (decimalComma && /^-?\d{1,3}(\.\d{3})+(,\d+)?$/.test(value))
        throw cliError('FILE_INVALID', {
          file,
          reason: `line ${line}: "${value}" in ${name} may have a thousands separator or a decimal point; write it without`,
        });
      return [name, decimalComma && /^-?\d+,\d+(e[+-]?\d+)?$/i.test(value) ? value.replace(',', '.') : value];
    }),
  );
}

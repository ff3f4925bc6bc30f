import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { HourlyUse } from '../shared/calculator/intensity-used.ts';
import { parseTime, writtenPeriod } from '../shared/calculator/period.ts';
import { isCodedError } from '../shared/errors/catalogue.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { cliError } from './errors.ts';
import { parseNumber } from './options.ts';

/**
 * Rows of a CSV file by column name, as programs and spreadsheets of any country write it: UTF-8 or UTF-16, separated by
 * commas, tabs, or by semicolons with decimal commas. Throws FILE_INVALID with the file and the line when it cannot be read.
 */
export function readCsv(file: string, required: readonly string[]): Record<string, string>[] {
  let rows: Record<string, string>[];
  try {
    const text = decoded(readFileSync(file));
    const delimiter = delimiterOf(text);
    rows = parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true, delimiter });
    if (delimiter === ';') rows = rows.map((row, index) => withDecimalPoints(file, index + 2, row));
  } catch (error) {
    if (isCodedError(error)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw cliError('FILE_INVALID', { file, reason: code?.startsWith('E') ? `cannot be read (${code})` : message });
  }
  const missing = required.filter((name) => rows[0] !== undefined && !(name in rows[0]));
  if (rows.length === 0 || missing.length > 0)
    throw cliError('FILE_INVALID', {
      file,
      reason: `a header with ${required.join(',')} and at least one row are needed${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''}`,
    });
  return rows;
}

/** Requests per hour from a CSV with hour,requests; only those within the period. */
export function readUsage(file: string, period: TimeRange): HourlyUse[] {
  const use = readCsv(file, ['hour', 'requests']).map(({ hour = '', requests = '' }, index) => {
    const amount = parseNumber(`${file} line ${index + 2}: requests`, requests, { least: 0 });
    return { hour: parseTime(hour), amount };
  });
  const within = use.filter(({ hour, amount }) => amount > 0 && hour >= period.from && hour < period.to);
  if (within.length > 0) return within;
  throw cliError('NO_REQUESTS', { file, period: writtenPeriod(period) });
}

/** Text in UTF-16 where the file begins with its byte order mark, else UTF-8. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return bytes.toString('utf8');
}

/** What separates the fields of the header: names of columns contain none of these. */
function delimiterOf(text: string): string {
  const [header = ''] = text.split(/\r?\n/, 1);
  return [';', '\t'].find((each) => header.includes(each)) ?? ',';
}

/** Decimal commas become points. A thousands separator could be either, so it is refused. */
function withDecimalPoints(file: string, line: number, row: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (/^-?\d{1,3}(\.\d{3})+(,\d+)?$/.test(value))
        throw cliError('FILE_INVALID', {
          file,
          reason: `line ${line}: "${value}" in ${name} may have a thousands separator or a decimal point; write it without`,
        });
      return [name, /^-?\d+,\d+$/.test(value) ? value.replace(',', '.') : value];
    }),
  );
}

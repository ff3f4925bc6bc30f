import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { HourlyUse } from '../shared/calculator/intensity-used.ts';
import { parseTime, writtenPeriod } from '../shared/calculator/period.ts';
import type { TimeRange } from '../shared/records/power.ts';
import { cliError } from './errors.ts';
import { parseNumber } from './options.ts';

/** Rows of a CSV file by column name; throws FILE_INVALID with the file and the line when it cannot be read. */
export function readCsv(file: string, required: readonly string[]): Record<string, string>[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(file), { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
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

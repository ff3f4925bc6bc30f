import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { CalculatorError } from '../shared/calculator/error.ts';
import type { HourlyUse } from '../shared/calculator/intensity-used.ts';
import { parseTime, writtenPeriod } from '../shared/calculator/period.ts';
import type { TimeRange } from '../shared/records/power.ts';

/** A CSV file as rows by its header; a fault that names file and line when it is not one. */
export function readCsv(file: string, required: readonly string[]): Record<string, string>[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(readFileSync(file), { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CalculatorError(
      'bad-file',
      code?.startsWith('E') ? `${file} cannot be read (${code})` : `${file}: ${message}`,
    );
  }
  const missing = required.filter((name) => rows[0] !== undefined && !(name in rows[0]));
  if (rows.length === 0 || missing.length > 0)
    throw new CalculatorError(
      'bad-file',
      `${file} needs a header with ${required.join(',')}, and rows below it${missing.length > 0 ? `; it lacks ${missing.join(', ')}` : ''}`,
    );
  return rows;
}

/** Requests by hour from a CSV with hour,requests; only those within the period. */
export function readUsage(file: string, period: TimeRange): HourlyUse[] {
  const use = readCsv(file, ['hour', 'requests']).map(({ hour = '', requests = '' }, index) => {
    const amount = Number(requests);
    if (requests === '' || !Number.isFinite(amount) || amount < 0)
      throw new CalculatorError('bad-number', `${file} line ${index + 2}: "${requests}" is no number of requests`);
    return { hour: parseTime(hour), amount };
  });
  const within = use.filter(({ hour, amount }) => amount > 0 && hour >= period.from && hour < period.to);
  if (within.length > 0) return within;
  throw new CalculatorError('no-data', `${file} has no requests within ${writtenPeriod(period)}`);
}

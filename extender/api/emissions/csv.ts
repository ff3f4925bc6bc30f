import { csvField } from '../../../shared/export/csv-field.ts';
import type { EmissionsRow } from './rows.ts';

/** Figures of a row, in the order of the columns; the names of its properties come before them. */
const FIGURES = [
  ...['minutes', 'kwh', 'unpriced_kwh', 'grams', 'intensity_g_per_kwh', 'coverage', 'power_coverage'],
  ...['quality', 'power_quality', 'totalCost', 'gpu_joules', 'facility_kwh', 'embodied_grams'],
  ...['sci_g_per_unit', 'kwh_low', 'kwh_high'],
  ...['market_grams', 'market_unknown_kwh', 'matched_kwh', 'matched_share', 'market_basis'],
  ...['difference_grams', 'difference_kwh', 'marginal_difference_grams', 'marginal_difference_kwh'],
] as const;

/** Sets of rows as CSV (RFC 4180): one line for each row of each set. What is not known is an empty field. */
export function rowsCsv(sets: readonly Readonly<Record<string, EmissionsRow>>[]): string {
  const rows = sets.flatMap((set) => Object.values(set));
  const properties = [...new Set(rows.flatMap((row) => Object.keys(row.properties)))];
  const header = ['window_start', 'window_end', 'name', ...properties, ...FIGURES, 'zones'];
  const lines = rows.map((row) => {
    const figures: Readonly<Record<string, unknown>> = row;
    return [
      ...[row.window.start, row.window.end, row.name],
      ...properties.map((property) => row.properties[property] ?? ''),
      ...FIGURES.map((name) => String(figures[name] ?? '')),
      row.zones.join(' '),
    ];
  });
  return [header, ...lines].map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('');
}

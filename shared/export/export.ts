import { type ActivitySource, activity } from '../emissions/activity.ts';
import { HOUR_MS } from '../grid/units.ts';
import type { PodLabels, PowerReader, TimeRange } from '../records/power.ts';
import type { ExportColumn, ExportFacts } from './column.ts';
import { FOCUS_COLUMNS } from './focus-columns.ts';
import { PLAIN_COLUMNS } from './plain-columns.ts';
import { csvRows, jsonRows } from './text-rows.ts';

/** Forms of an export: `focus` is CSV with FOCUS' columns. */
export const ACTIVITY_FORMATS = ['focus', 'csv', 'parquet', 'json'] as const;
/** One of {@link ACTIVITY_FORMATS}. */
export type ActivityFormat = (typeof ACTIVITY_FORMATS)[number];

/** Sets of columns: those of FOCUS with `x_` columns for energy and carbon, or those of this API. */
export const COLUMN_SETS = ['focus', 'plain'] as const;
/** One of {@link COLUMN_SETS}. */
export type ColumnSet = (typeof COLUMN_SETS)[number];

/** What an export is made of. */
export interface ActivityExport {
  /** Of whole hours: see {@link isOfWholeHours}. */
  readonly range: TimeRange;
  readonly by: 'hour' | 'day';
  readonly format: ActivityFormat;
  /** Absent: FOCUS' for `focus` and `parquet`, plain ones for `csv` and `json`. */
  readonly columns?: ColumnSet | undefined;
  /** Absent: every namespace, with what nodes used while idle and outside containers. */
  readonly namespace?: string | undefined;
}

/** Media types of the formats. */
export const ACTIVITY_TYPES: Readonly<Record<ActivityFormat, string>> = {
  focus: 'text/csv; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  json: 'application/json',
};

/** Whether a range begins and ends at full hours, as an export needs: it is made from the hourly rollup. */
export function isOfWholeHours({ from, to }: TimeRange): boolean {
  return from % HOUR_MS === 0 && to % HOUR_MS === 0;
}

/** Energy, emissions and costs by container and hour or day, in pieces; memory is bounded by one day of all containers. */
export async function* exportedActivity(
  source: ActivitySource & { readonly store: PowerReader },
  facts: Omit<ExportFacts, 'labelsOf'>,
  query: ActivityExport,
): AsyncIterable<Uint8Array> {
  const rows = activity(source, query);
  const columns = columnsOf(query);
  const all = { ...facts, labelsOf: labelsFrom((await source.store.podLabels?.()) ?? []) };
  if (query.format === 'parquet') {
    const { parquetRows } = await import('./parquet-rows.ts');
    return yield* parquetRows(rows, columns, all);
  }
  const text = query.format === 'json' ? jsonRows(rows, columns, all) : csvRows(rows, columns, all);
  for await (const piece of text) yield Buffer.from(piece);
}

/** The columns of an export. */
export function columnsOf({ format, columns }: Pick<ActivityExport, 'format' | 'columns'>): readonly ExportColumn[] {
  const set = columns ?? (format === 'focus' || format === 'parquet' ? 'focus' : 'plain');
  return set === 'focus' ? FOCUS_COLUMNS : PLAIN_COLUMNS;
}

function labelsFrom(pods: readonly PodLabels[]): ExportFacts['labelsOf'] {
  const byPod = new Map(pods.map(({ namespace, pod, labels }) => [`${namespace}/${pod}`, labels]));
  return ({ namespace, pod }) => byPod.get(`${namespace}/${pod}`);
}

import type { Activity } from '../emissions/activity.ts';
import type { EpochMs } from '../grid/units.ts';

/** What an export knows beside its rows. */
export interface ExportFacts {
  readonly cluster: string;
  /** Currency of the costs (ISO 4217); null where none is configured. */
  readonly currency: string | null;
  /** Labels of a pod; undefined where none are recorded. */
  readonly labelsOf: (names: { readonly namespace: string; readonly pod: string }) => Labels | undefined;
}

type Labels = Readonly<Record<string, string>>;

/** A value of a row. Times are in milliseconds since 1970; null is not known. */
export type Cell = string | number | null;

/** A column of an export. */
export interface ExportColumn {
  readonly name: string;
  readonly type: 'STRING' | 'DOUBLE' | 'TIMESTAMP';
  readonly value: (row: Activity, facts: ExportFacts) => Cell;
  /** How a time is written as text; absent: as the API writes it, with milliseconds. */
  readonly written?: (time: EpochMs) => string;
}

/** A column of text. */
export function text(name: string, value: ExportColumn['value']): ExportColumn {
  return { name, type: 'STRING', value };
}

/** A column of numbers. */
export function number(name: string, value: ExportColumn['value']): ExportColumn {
  return { name, type: 'DOUBLE', value };
}

/** A column of times. */
export function time(name: string, value: ExportColumn['value']): ExportColumn {
  return { name, type: 'TIMESTAMP', value };
}

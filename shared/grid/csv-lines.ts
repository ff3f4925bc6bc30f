/** A line of a file that is not blank. */
export interface CsvLine {
  /** Its place in the file, from 1: blank lines count. */
  readonly line: number;
  readonly text: string;
}

/** The lines of a CSV text without line breaks in its cells, whichever ends they have; a byte order mark and blank lines are left out. */
export function csvLines(csv: string): CsvLine[] {
  const all = csv.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  return all.map((text, index) => ({ line: index + 1, text })).filter(({ text }) => text.trim() !== '');
}

const PLAIN_NUMBER = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A figure of a cell; undefined where it is not a plain finite decimal number of at least 0. */
export function csvNumber(cell: string): number | undefined {
  const value = PLAIN_NUMBER.test(cell.trim()) ? Number(cell) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

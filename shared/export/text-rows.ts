import type { Activity } from '../emissions/activity.ts';
import { isoTime } from '../grid/units.ts';
import type { Cell, ExportColumn, ExportFacts } from './column.ts';
import { csvField } from './csv-field.ts';

/** Rows of a piece of text: neither a long string nor a call for each row. */
const ROWS_AT_A_TIME = 500;

/** Rows as CSV with a header (RFC 4180). What is not known is an empty field. */
export async function* csvRows(
  batches: AsyncIterable<readonly Activity[]>,
  columns: readonly ExportColumn[],
  facts: ExportFacts,
): AsyncIterable<string> {
  yield `${columns.map(({ name }) => name).join(',')}\r\n`;
  for await (const rows of piecesOf(batches)) {
    const lines = rows.map((row) => columns.map((column) => csvCell(column, column.value(row, facts))).join(','));
    yield `${lines.join('\r\n')}\r\n`;
  }
}

/** Rows as a JSON array of flat objects, one to a line. What is not known is null. */
export async function* jsonRows(
  batches: AsyncIterable<readonly Activity[]>,
  columns: readonly ExportColumn[],
  facts: ExportFacts,
): AsyncIterable<string> {
  let opening = '[';
  for await (const rows of piecesOf(batches)) {
    const objects = rows.map((row) =>
      JSON.stringify(
        Object.fromEntries(columns.map((column) => [column.name, plain(column, column.value(row, facts))])),
      ),
    );
    yield `${opening}\n${objects.join(',\n')}`;
    opening = ',';
  }
  yield opening === '[' ? '[]\n' : '\n]\n';
}

async function* piecesOf(batches: AsyncIterable<readonly Activity[]>): AsyncIterable<readonly Activity[]> {
  for await (const rows of batches)
    for (let at = 0; at < rows.length; at += ROWS_AT_A_TIME) yield rows.slice(at, at + ROWS_AT_A_TIME);
}

function plain({ type, written = isoTime }: ExportColumn, value: Cell): Cell {
  return type === 'TIMESTAMP' && typeof value === 'number' ? written(value) : value;
}

function csvCell(column: ExportColumn, value: Cell): string {
  if (value === null) return '';
  return column.type === 'STRING' ? csvField(String(value)) : String(plain(column, value));
}

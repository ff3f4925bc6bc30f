import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Activity } from '../emissions/activity.ts';
import type { Cell, ExportColumn, ExportFacts } from './column.ts';

/** Rows of a row group, which are in memory at once. */
const GROUP_ROWS = 20_000;

const TYPES = {
  STRING: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  DOUBLE: { type: 'DOUBLE' },
  TIMESTAMP: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
} as const;

/** Rows as an Apache Parquet file, compressed with Snappy, in pieces of a row group each. What is not known is null. */
export async function* parquetRows(
  batches: AsyncIterable<readonly Activity[]>,
  columns: readonly ExportColumn[],
  facts: ExportFacts,
): AsyncIterable<Uint8Array> {
  const bytes = new ByteWriter();
  const schema = columns.map(({ name, type }) => ({ name, ...TYPES[type], repetition_type: 'OPTIONAL' as const }));
  const file = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: columns.length }, ...schema],
    createdBy: 'carbon-extender',
  });
  for await (const rows of groupsOf(batches)) {
    const columnData = columns.map((column) => ({
      name: column.name,
      data: rows.map((row) => parquetCell(column, column.value(row, facts))),
    }));
    await file.write({ columnData, rowGroupSize: GROUP_ROWS });
    yield taken(bytes);
  }
  await file.finish();
  const end = taken(bytes);
  if (file.num_rows === 0n) declareEmpty(end);
  yield end;
}

/** In a footer: no rows (field 3, the number 0), and a list of row groups (field 4) that has no items, of no type. */
const NO_ROWS = Buffer.from([0x16, 0x00, 0x19, 0x00]);
/** Thrift's code of a struct. */
const STRUCT = 0x0c;

/**
 * Corrects the type of the items in an empty list of row groups: hyparquet-writer 0.17 writes an empty list without the type
 * of its items, and strict readers refuse the whole file.
 */
function declareEmpty(footer: Uint8Array): void {
  const at = Buffer.from(footer.buffer).indexOf(NO_ROWS);
  if (at >= 0) footer[at + NO_ROWS.length - 1] = STRUCT;
}

/** What was written since the last call; the writer goes on counting from the start of the file. */
function taken(writer: ByteWriter): Uint8Array {
  const piece = new Uint8Array(writer.buffer.slice(0, writer.index));
  writer.index = 0;
  return piece;
}

function parquetCell({ type }: ExportColumn, value: Cell): Cell | Date {
  return type === 'TIMESTAMP' && typeof value === 'number' ? new Date(value) : value;
}

async function* groupsOf(batches: AsyncIterable<readonly Activity[]>): AsyncIterable<readonly Activity[]> {
  let waiting: Activity[] = [];
  for await (const rows of batches)
    for (const row of rows) {
      waiting.push(row);
      if (waiting.length < GROUP_ROWS) continue;
      yield waiting;
      waiting = [];
    }
  if (waiting.length > 0) yield waiting;
}

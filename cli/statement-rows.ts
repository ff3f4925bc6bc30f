import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { rowText, type StatementRow, type StatementRows, statementRow } from '../shared/statement/rows.ts';
import { cliError } from './errors.ts';
import { fileReason } from './file-reason.ts';

/** Passes rows on while it writes them to a file, one JSON object to a line. */
export async function* keepRows(batches: AsyncIterable<StatementRows>, file: string): AsyncIterable<StatementRows> {
  const handle = await open(file, 'w').catch(({ message: reason }: Error) => {
    throw cliError('OUTPUT_FILE_FAILED', { file, reason });
  });
  try {
    for await (const batch of batches) {
      await handle.appendFile(batch.rows.map((row) => `${onOneLine(rowText(row))}\n`).join(''));
      yield batch;
    }
  } finally {
    await handle.close();
  }
}

/** Rows of a file that {@link keepRows} wrote, by day. Errors: FILE_INVALID, with the line. */
export async function* keptRows(file: string): AsyncIterable<StatementRows> {
  let day: string | null = null;
  let rows: StatementRow[] = [];
  const seen = new Set<string | null>();
  let line = 0;
  for await (const text of linesOf(file)) {
    line += 1;
    if (text.trim() === '') continue;
    const row = parsed(text, file, line);
    const own = row.row === 'saving' ? null : row.hour.slice(0, 10);
    if (own !== day && rows.length > 0) {
      yield { day, rows };
      rows = [];
      seen.add(day);
    }
    if (seen.has(own)) throw cliError('FILE_INVALID', { file, reason: `line ${line}: rows of one day are apart` });
    day = own;
    rows.push(row);
  }
  if (rows.length > 0) yield { day, rows };
}

/** JSON that every reader of lines takes for one line: some break it at separators that JSON allows in a string. */
function onOneLine(json: string): string {
  return json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

async function* linesOf(file: string): AsyncIterable<string> {
  try {
    yield* createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  } catch (error) {
    throw cliError('FILE_INVALID', { file, reason: fileReason(error) });
  }
}

function parsed(text: string, file: string, line: number): StatementRow {
  try {
    return statementRow.parse(JSON.parse(text));
  } catch {
    throw cliError('FILE_INVALID', { file, reason: `line ${line} is not a row of a statement` });
  }
}

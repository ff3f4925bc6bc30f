import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { keepRows, keptRows } from '../../cli/statement-rows.ts';
import type { StatementRow, StatementRows } from '../../shared/statement/rows.ts';
import { temporaryFolder } from './run.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const file = join(folder.path, 'rows.jsonl');

const factor = (source: string): StatementRow => ({
  ...{ row: 'factor', hour: '2026-01-01T00:00:00Z', zone: 'DE', g_per_kwh: 300, quality: 'measured' },
  source,
});

async function* batch(...rows: StatementRow[]): AsyncIterable<StatementRows> {
  yield { day: '2026-01-01', rows };
}

it('keeps rows as they are, whatever their names contain, one to a line', async () => {
  const rows = ['a\u2028b', 'c\u2029d', 'e\nf\r\u0085g', '"\\u2028"'].map(factor);

  for await (const _ of keepRows(batch(...rows), file));
  const kept = await Array.fromAsync(keptRows(file));

  expect(kept).toEqual([{ day: '2026-01-01', rows }]);
  expect(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split(/\n|\r|\u2028|\u2029/),
  ).toHaveLength(4);
});

it('skips blank lines, and names the line of a row that is not one as it is in the file', async () => {
  writeFileSync(file, `\n\n${JSON.stringify(factor('a'))}\n\n`);
  const kept = await Array.fromAsync(keptRows(file));
  appendFileSync(file, '{}\n');

  expect(kept).toEqual([{ day: '2026-01-01', rows: [factor('a')] }]);
  await expect(Array.fromAsync(keptRows(file))).rejects.toThrow('line 5 is not a row');
});

// Flow: meter readings in the embedded store, by the contract suite.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSqliteReadings } from '../opened-parts.ts';
import { readingsContract } from '../readings-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'readings-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
readingsContract('SQLite', async () => {
  count += 1;
  return openSqliteReadings(join(folder, String(count)));
});

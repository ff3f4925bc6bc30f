import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { decisionsContract } from '../decisions-contract.ts';
import { openSqliteDecisions } from '../opened-parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
afterAll(() => rmSync(folder, { recursive: true }));

let number = 0;
decisionsContract('the embedded store', async () => openSqliteDecisions(join(folder, `${number++}`)));

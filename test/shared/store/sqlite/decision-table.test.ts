import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openDecisions } from '../../../../shared/store/open-decisions.ts';
import { decisionsContract } from '../../../store/decisions-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
afterAll(() => rmSync(folder, { recursive: true }));

let number = 0;
decisionsContract('the embedded store', () => openDecisions({ MODE: 'local', DATA_DIR: join(folder, `${number++}`) }));

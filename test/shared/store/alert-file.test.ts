import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { alertFile } from '../../../shared/store/alert-file.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { alertMemoryContract } from './alert-memory-contract.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

alertMemoryContract('A file', async () => alertFile(join(folder.path, 'made', 'later')));

it.each(['{"open":{', '{"open":[]}', ''])(
  'says that %j is not the state of alerts, rather than guess',
  async (text) => {
    writeFileSync(join(folder.path, 'alerts.json'), text);

    await expect(alertFile(folder.path).load()).rejects.toThrow();
  },
);

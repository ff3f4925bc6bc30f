import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteWriter } from '../../../../shared/store/sqlite/store.ts';
import { openSqliteWorkloads } from '../../../../shared/store/sqlite/workloads.ts';
import { workload, workloadsContract } from '../../../store/workloads-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'workloads-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const folder = () => join(root, String(++folders));

workloadsContract('SQLite', async () => openSqliteWorkloads(folder()));

describe('the embedded workloads', () => {
  it('stand in the same file as the history, also while the poller has it open', async () => {
    const path = folder();
    await using poller = openSqliteWriter(path);
    await using api = openSqliteWorkloads(path);
    await using cli = openSqliteWorkloads(path);

    await api.saveWorkloads([workload()]);

    expect(await cli.workloads({}, { from: 0, to: Number.MAX_SAFE_INTEGER })).toHaveLength(1);
    expect(await poller.zones()).toEqual([]);
  });
});

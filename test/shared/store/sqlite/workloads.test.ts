import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { hourOfZone } from '../../../cli/history.ts';
import { openSqliteReader, openSqliteWorkloads, openSqliteWriter } from '../opened-parts.ts';
import { workload, workloadsContract } from '../workloads-contract.ts';

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

  it('brings a file of an older version up to date instead of calling it empty', async () => {
    const path = folder();
    {
      await using old = openSqliteWriter(path);
      await old.record([hourOfZone('DE', 0, 300)]);
    }
    const database = new DatabaseSync(join(path, 'history.sqlite'));
    database.exec('DROP TABLE carbon_budgets');
    database.exec("DELETE FROM schema_migrations WHERE name LIKE '0007%'");
    database.close();

    await using workloads = openSqliteWorkloads(path);
    const budgets = await workloads.budgets();
    await using history = openSqliteReader(path);

    expect(budgets).toEqual([]);
    expect(await history.zones()).toEqual(['DE']);
  });
});

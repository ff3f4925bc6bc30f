import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spawn } from '../../../children.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import { query } from '../../../servers/query.ts';
import { openTimescaleReader, openTimescaleWriter } from '../opened-parts.ts';

const APPLIED = 'SELECT name FROM carbon_extender_migrations ORDER BY applied_at, name';

describeDatabases('migrations', (name, server) => {
  it('run once, in the order of their names, however many processes start at once and again', async () => {
    const dsn = await server().database();

    const stores = [1, 2, 3, 4].map(() => openTimescaleWriter(dsn));
    await Promise.all(stores.map((store) => store.totals()));
    for (const store of stores) await store[Symbol.asyncDispose]();
    await using again = openTimescaleReader(dsn);
    await again.totals();

    const applied = (await query(dsn, APPLIED)).map((row) => row.name);
    expect(applied.length).toBeGreaterThan(1);
    expect(applied).toEqual([...applied].sort());
    expect(new Set(applied).size).toBe(applied.length);
  });

  it('are finished by the next process when one is killed in the middle', { timeout: 60_000 }, async () => {
    const program = join(import.meta.dirname, 'killed-writer.ts');
    const applied: string[][] = [];

    for (let kill = 0; kill < 6; kill += 1) {
      const dsn = await server().database();
      const child = spawn(process.execPath, [program, dsn, '/nowhere'], { stdio: 'ignore' });
      const exited = once(child, 'exit');
      // The program needs some 300 ms before it connects; the migrations take some 30.
      while (
        (
          await query(
            dsn,
            "SELECT FROM pg_stat_activity WHERE application_name = 'carbon-extender' AND datname = current_database()",
          )
        ).length === 0
      )
        if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, kill * 8));
      child.kill('SIGKILL');
      await exited;
      await using store = openTimescaleWriter(dsn);
      await store.totals();
      applied.push((await query(dsn, APPLIED)).map((row) => row.name));
    }

    for (const names of applied) expect(names).toEqual(applied[0]);
    expect(applied[0]?.length).toBeGreaterThan(1);
  });

  it('leave the database as it was when one fails, name it, and go on once the cause is gone', async () => {
    const dsn = await server().database();
    await query(dsn, 'CREATE TABLE co2e_emissions (mine integer)');
    await using store = openTimescaleWriter(dsn);
    const failure = await store.totals().catch(String);
    const applied = await query(dsn, APPLIED);

    await query(dsn, 'DROP TABLE co2e_emissions');

    expect(failure).toMatch(/migration 0002-co2e-emissions.sql: relation "co2e_emissions" already exists.*42P07/);
    expect(applied.map((row) => row.name)).toEqual(['0001-power.sql']);
    expect((await store.totals()).containers).toBe(0);
  });

  it('use a hypertable where TimescaleDB is, and native partitions elsewhere', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn);
    await store.compact(Date.parse('2026-01-01T12:00:00Z'));

    const [table] = await query(dsn, "SELECT relkind FROM pg_class WHERE relname = 'power_sample'");
    const days = await query(dsn, "SELECT FROM pg_class WHERE relname LIKE 'power_sample_20______' AND relkind = 'r'");

    expect(table.relkind).toBe(name === 'TimescaleDB' ? 'r' : 'p');
    expect(days).toHaveLength(name === 'TimescaleDB' ? 0 : 3);
  });

  it('stay as they are under a newer program that has more of them', async () => {
    const dsn = await server().database();
    {
      await using first = openTimescaleWriter(dsn);
      await first.totals();
    }
    await query(dsn, "INSERT INTO carbon_extender_migrations (name) VALUES ('9999-from-the-future.sql')");

    await using store = openTimescaleWriter(dsn);

    expect((await store.totals()).containers).toBe(0);
  });
});

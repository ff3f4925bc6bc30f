import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginWithin, type Connection } from './database.ts';
import { LOCKS } from './locks.ts';

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** Names of the migrations that this program has, in order. */
function knownMigrations(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort();
}

/** Brings the schema up to date: each migration once, in order, one process at a time. Returns the names applied. */
export async function migrate(connection: Connection): Promise<string[]> {
  // Checked first without a lock: a role that may only read can then use a schema that is complete.
  const pending = await pendingMigrations(connection);
  if (pending.length === 0) return [];
  await useTimescale(connection);
  const applied: string[] = [];
  for (const name of pending) if (await apply(connection, name)) applied.push(name);
  return applied;
}

/** Migrations that a database has not seen yet; all of them while it is empty. */
async function pendingMigrations(connection: Connection): Promise<string[]> {
  const { rows } = await connection.query<{ known: boolean }>(
    "SELECT to_regclass('carbon_extender_migrations') IS NOT NULL AS known",
  );
  if (rows[0]?.known !== true) return knownMigrations();
  const applied = await connection.query<{ name: string }>('SELECT name FROM carbon_extender_migrations');
  const names = new Set(applied.rows.map((row) => row.name));
  return knownMigrations().filter((name) => !names.has(name));
}

/** Applies a migration unless another process was first; the lock ends with the transaction, so no session keeps it. */
async function apply(connection: Connection, name: string): Promise<boolean> {
  await connection.query(beginWithin(0));
  try {
    await connection.query('SELECT pg_advisory_xact_lock($1, $2)', LOCKS.migrations);
    await connection.query(
      'CREATE TABLE IF NOT EXISTS carbon_extender_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const wanted = (await pendingMigrations(connection)).includes(name);
    if (wanted) {
      await connection.query(readFileSync(join(MIGRATIONS, name), 'utf8'));
      await connection.query('INSERT INTO carbon_extender_migrations (name) VALUES ($1)', [name]);
    }
    await connection.query('COMMIT');
    return wanted;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    if (error instanceof Error) error.message = `migration ${name}: ${error.message}`;
    throw error;
  }
}

/** Turns TimescaleDB on where the server has it and lets us; plain PostgreSQL will do otherwise. */
async function useTimescale(connection: Connection): Promise<void> {
  const { rows } = await connection.query<{ wanted: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb' AND installed_version IS NULL)
       AND current_setting('timescaledb.max_background_workers', TRUE) IS NOT NULL AS wanted`,
  );
  // Asking for an extension that was not preloaded would end the connection.
  if (rows[0]?.wanted === true)
    await connection.query('CREATE EXTENSION IF NOT EXISTS timescaledb').catch(() => undefined);
}

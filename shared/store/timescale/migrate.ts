import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, TimescaleDatabase } from './database.ts';
import { LOCKS } from './locks.ts';

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/** Names of the migrations that this program has, in order. */
function knownMigrations(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort();
}

/** A database that is brought up to date before its first use. Asks for no connection yet: it may be away. */
export function migratedDatabase(dsn: string, limits: { connections: number; timeoutMs: number }): TimescaleDatabase {
  const prepare = async (connection: Connection) => {
    await migrate(connection);
  };
  return new TimescaleDatabase({ dsn, ...limits, prepare });
}

/** Brings the schema up to date: each migration once, in order, one process at a time. Returns the names applied. */
export async function migrate(connection: Connection): Promise<string[]> {
  // Looked at first without a lock: who may only read can then use a schema that is complete.
  if ((await pendingMigrations(connection)).length === 0) return [];
  await connection.query('SELECT pg_advisory_lock($1, $2)', LOCKS.migrations);
  try {
    await useTimescale(connection);
    await connection.query(
      'CREATE TABLE IF NOT EXISTS carbon_extender_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const pending = await pendingMigrations(connection);
    for (const name of pending) await apply(connection, name);
    return pending;
  } finally {
    // A connection that broke has given up its lock already.
    await connection.query('SELECT pg_advisory_unlock($1, $2)', LOCKS.migrations).catch(() => undefined);
  }
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

async function apply(connection: Connection, name: string): Promise<void> {
  await connection.query('BEGIN');
  try {
    await connection.query('SET LOCAL statement_timeout = 0');
    await connection.query(readFileSync(join(MIGRATIONS, name), 'utf8'));
    await connection.query('INSERT INTO carbon_extender_migrations (name) VALUES ($1)', [name]);
    await connection.query('COMMIT');
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

import type { Connection } from './database.ts';

/**
 * Whether a pooler such as PgBouncer lies between this process and PostgreSQL: it gives its clients process ids of its own.
 * False where the id of the connection is not known.
 */
export async function isBehindPooler(connection: Connection): Promise<boolean> {
  const { processID } = connection as Connection & { readonly processID?: number | null };
  const { rows } = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return typeof processID === 'number' && processID !== rows[0]?.pid;
}

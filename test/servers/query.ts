import pg from 'pg';

/** Lends a connection of its own. */
export async function withConnection<Result>(dsn: string, work: (connection: pg.PoolClient) => Promise<Result>) {
  const pool = new pg.Pool({ connectionString: dsn, max: 1 });
  pool.on('error', () => undefined);
  const connection = await pool.connect();
  connection.on('error', () => undefined);
  try {
    return await work(connection);
  } finally {
    connection.release(true);
    await pool.end();
  }
}

/** Rows of one statement on a connection of its own. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into rows whose shape it is about to check.
export async function query(dsn: string, sql: string, values: unknown[] = []): Promise<any[]> {
  return withConnection(dsn, async (connection) => (await connection.query(sql, values)).rows);
}

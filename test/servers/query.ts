import pg from 'pg';

/** Rows of one statement on a connection of its own. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into rows whose shape it is about to check.
export async function query(dsn: string, sql: string, values: unknown[] = []): Promise<any[]> {
  const client = new pg.Client({ connectionString: dsn });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

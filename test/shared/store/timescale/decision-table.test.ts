import { afterAll, beforeAll, describe } from 'vitest';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { decisionsContract } from '../decisions-contract.ts';
import { openTimescaleDecisions } from '../opened-parts.ts';

describe.skipIf(!postgresAvailable())('with a server of our own', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  decisionsContract('PostgreSQL', async () => openTimescaleDecisions(await server.database()));
});

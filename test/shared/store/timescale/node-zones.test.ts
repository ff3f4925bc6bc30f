import { afterAll, beforeAll, describe } from 'vitest';
import { openNodeZones } from '../../../../shared/store/open-node-zones.ts';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { nodeZonesContract } from '../../../store/node-zones-contract.ts';

describe.skipIf(!postgresAvailable())('with a server of our own', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  nodeZonesContract('PostgreSQL', async () =>
    openNodeZones({ MODE: 'db', DATA_DIR: '/nowhere', TSDB_DSN: await server.database() }),
  );
});

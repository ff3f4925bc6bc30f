import { afterAll, beforeAll, describe } from 'vitest';
import { openTimescaleWriter } from '../../../../shared/store/timescale/store.ts';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { startTimescaledb, timescaledbAvailable } from '../../../servers/timescaledb.ts';
import { storeContract } from '../../../store/contract.ts';

const SERVERS = [
  { name: 'plain PostgreSQL', here: postgresAvailable(), start: startPostgres },
  { name: 'TimescaleDB', here: timescaledbAvailable(), start: startTimescaledb },
];

for (const { name, here, start } of SERVERS) {
  describe.skipIf(!here)(name, () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    storeContract(name, async () => openTimescaleWriter(await server.database(), 90));
  });
}

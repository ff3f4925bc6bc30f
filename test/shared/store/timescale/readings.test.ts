// Flow: meter readings in PostgreSQL, by the contract suite.

import { afterAll, beforeAll, describe } from 'vitest';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import type { PostgresServer } from '../../../servers/postgres-cluster.ts';
import { startTimescaledb, timescaledbAvailable } from '../../../servers/timescaledb.ts';
import { openTimescaleReadings } from '../opened-parts.ts';
import { readingsContract } from '../readings-contract.ts';

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

    readingsContract(name, async () => openTimescaleReadings(await server.database()));
  });
}

import { afterAll, beforeAll, describe } from 'vitest';
import { postgresAvailable, startPostgres } from './postgres.ts';
import type { PostgresServer } from './postgres-cluster.ts';
import { startTimescaledb, timescaledbAvailable } from './timescaledb.ts';

/** Every database that the store in PostgreSQL must work with. */
const DATABASES = [
  { name: 'plain PostgreSQL', here: postgresAvailable(), start: () => startPostgres() },
  { name: 'TimescaleDB', here: timescaledbAvailable(), start: startTimescaledb },
];

/** Runs a suite once against each kind of database, with a server of its own. */
export function describeDatabases(title: string, suite: (name: string, server: () => PostgresServer) => void): void {
  describe.each(DATABASES)(`${title} on $name`, ({ name, here, start }) => {
    describe.skipIf(!here)('', () => {
      let server: PostgresServer;
      beforeAll(async () => {
        server = await start();
      });
      afterAll(() => server?.[Symbol.asyncDispose]());

      suite(name, () => server);
    });
  });
}

/** Runs a suite against TimescaleDB where it is, else plain PostgreSQL: for what both do alike. */
export function describeDatabase(title: string, suite: (server: () => PostgresServer) => void): void {
  const database = DATABASES.findLast(({ here }) => here);
  describe.skipIf(database === undefined)(title, () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await (database?.start() as Promise<PostgresServer>);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    suite(() => server);
  });
}

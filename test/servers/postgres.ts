import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { available, findProgram } from './available.ts';
import { type PostgresServer, startCluster } from './postgres-cluster.ts';

/** Whether a plain PostgreSQL is here; without it CI fails and a person is told. */
export function postgresAvailable(): boolean {
  return available('initdb', 'apt-get install postgresql');
}

/** Starts a plain PostgreSQL of our own; `settings` are those of postgresql.conf. */
export function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  return startCluster({ bin: dirname(findProgram('initdb') ?? ''), folder: tmpdir(), settings });
}

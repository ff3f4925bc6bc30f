import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startCluster } from './postgres-cluster.ts';

/** Where `test/servers/install-timescaledb` puts the server. */
const ROOT = process.env.TIMESCALEDB_ROOT || '/var/cache/carbon-extender/timescaledb';

/** Whether a TimescaleDB is here and we may start it; without it CI fails and a person is told. */
export function timescaledbAvailable(): boolean {
  const howToGet = 'as root: test/servers/install-timescaledb (450 MB), and run the tests as root';
  if (existsSync(join(ROOT, '.complete')) && process.getuid?.() === 0) return true;
  if (process.env.CI === 'true') throw new Error(`TimescaleDB is missing, and CI may leave nothing out: ${howToGet}`);
  process.stderr.write(`\n!! LEFT OUT: tests that need TimescaleDB. To run them: ${howToGet}\n\n`);
  return false;
}

/** Starts a PostgreSQL with TimescaleDB of our own. */
export function startTimescaledb(): Promise<PostgresServer> {
  return startCluster({
    bin: '/usr/lib/postgresql/17/bin',
    root: ROOT,
    folder: join(ROOT, 'clusters'),
    settings: { shared_preload_libraries: 'timescaledb', 'timescaledb.telemetry_level': 'off' },
  });
}

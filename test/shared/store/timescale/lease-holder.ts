import { systemClock } from '../../../../shared/runtime/clock.ts';
import { type Connection, ConnectionPool } from '../../../../shared/store/timescale/database.ts';
import { DatabaseLease } from '../../../../shared/store/timescale/lease.ts';
import { migrate } from '../../../../shared/store/timescale/migrate.ts';
import { capturedLog } from '../../../captured-log.ts';

// Run as a program: asks for the lease and tells whenever it is won or lost, until it is killed.
const prepare = async (connection: Connection) => void (await migrate(connection));
const [dsn, beatMs] = process.argv.slice(2);
const beat = Number(beatMs);
const lease = new DatabaseLease({
  database: new ConnectionPool({ dsn: dsn as string, connections: 1, prepare }).within(beat),
  name: 'recorder',
  purpose: 'recording',
  clock: systemClock,
  logger: capturedLog(),
  beatMs: beat,
});
lease.onChange((held) => process.stdout.write(`${held}\n`));

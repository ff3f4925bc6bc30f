import { systemClock } from '../../../../shared/runtime/clock.ts';
import { databaseLease } from '../../../../shared/store/timescale/lease.ts';
import { capturedLog } from '../../../captured-log.ts';

// Run as a program: asks for the lease and tells whenever it is won or lost, until it is killed.
const [dsn, beatMs] = process.argv.slice(2);
const lease = databaseLease({
  dsn: dsn as string,
  name: 'recorder',
  purpose: 'recording',
  clock: systemClock,
  logger: capturedLog(),
  beatMs: Number(beatMs),
});
lease.onChange((held) => process.stdout.write(`${held}\n`));

import type { Clock } from '../runtime/clock.ts';
import { type Lease, soleLease } from '../runtime/lease.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { dsnOf } from './open.ts';

/** Opens the right to record power: with a database one of several pollers has it, with a file there is only one. */
export async function openRecordingLease(
  config: StoreConfig & { readonly LEASE_NAME: string },
  surroundings: { readonly clock: Clock; readonly logger: Logger },
): Promise<Lease> {
  if (config.MODE === 'local') return soleLease;
  const { databaseLease } = await import('./timescale/lease.ts');
  return databaseLease({ dsn: dsnOf(config), name: config.LEASE_NAME, ...surroundings });
}

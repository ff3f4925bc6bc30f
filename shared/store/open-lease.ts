import type { Clock } from '../runtime/clock.ts';
import { type Lease, type LeasePurpose, soleLease } from '../runtime/lease.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StoreConfig } from '../runtime/settings.ts';
import { dsnOf } from './open.ts';

/** Opens the right to do something that one of several pollers does: with a database they take turns, with a file there is only one. */
export async function openLease(
  config: StoreConfig & { readonly RECORDING_LEASE_NAME: string },
  purpose: LeasePurpose,
  surroundings: { readonly clock: Clock; readonly logger: Logger },
): Promise<Lease> {
  if (config.MODE === 'local') return soleLease;
  const { databaseLease } = await import('./timescale/lease.ts');
  // Budgets are the database's, whoever records into it.
  const name = purpose === 'budgets' ? 'budgets' : config.RECORDING_LEASE_NAME;
  return databaseLease({ dsn: dsnOf(config), name, purpose, ...surroundings });
}

import type { LeasePurpose } from '../../runtime/lease.ts';

/** First half of our advisory locks' keys, so that other programs in the same database are not met. */
const OURS = 0xca4b;

/** Advisory locks by purpose, as the two numbers that PostgreSQL takes. */
export const LOCKS = {
  migrations: [OURS, 1],
  samples: [OURS, 2],
};

/** First half of the locks of leases; the second half is made of the lease's name. */
export const LEASE_LOCKS: Record<LeasePurpose, number> = { recording: OURS + 1, budgets: OURS + 2, alerts: OURS + 3 };

import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { DeferralMetrics } from './deferral-metrics.ts';
import { type ElectionOptions, joinElection } from './leader-election.ts';

/** Whether this replica leads, kept up to date in the background. */
export interface Leadership extends AsyncDisposable {
  /** True only while the Lease is held and was renewed recently enough that no other replica can have taken it. */
  leads(): boolean;
  /** Settles after the first attempt to acquire the Lease. */
  readonly firstAttempt: Promise<void>;
}

/** How long a Lease is valid without being renewed: as kube-scheduler's, so that another replica leads within 20 s. */
const LEASE_MS = 15_000;
/** A leader that could not renew for this long stops leading, well before another may start. */
const RENEW_DEADLINE_MS = 10_000;
/** Milliseconds between two attempts to acquire or renew the Lease. */
const RETRY_MS = 2_000;

/** Campaigns for the Lease until disposed; gives it back then. `onAcquired` is called each time this replica becomes leader. */
export function startLeadership(options: {
  readonly lease: Pick<ElectionOptions, 'client' | 'namespace' | 'identity'>;
  /** Milliseconds between two attempts; at most 2 s, the default. */
  readonly retryMs?: number;
  readonly onAcquired: () => void;
  readonly metrics: Pick<DeferralMetrics, 'failures' | 'leader'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Leadership {
  const { clock, logger, metrics, lease, retryMs = RETRY_MS } = options;
  const { identity } = lease;
  const stop = new AbortController();
  const election = joinElection({ ...lease, durationMs: LEASE_MS, clock });
  let renewedAt: number | undefined;
  const leads = () => renewedAt !== undefined && clock.monotonic() - renewedAt < RENEW_DEADLINE_MS;
  let led = false;
  const campaign = async () => {
    const began = clock.monotonic();
    try {
      renewedAt = (await election.hold()) ? began : undefined;
    } catch (err) {
      metrics.failures.inc({ kind: 'lease' });
      if (led) logger.warn({ code: 'LEASE_RENEWAL_FAILED', err, identity }, 'could not renew the Lease');
    }
    metrics.leader.set(leads() ? 1 : 0);
    if (leads() === led) return;
    led = leads();
    if (led) logger.info({ identity }, 'became leader of the deferral controller');
    else logger.warn({ code: 'LEADER_LOST', identity }, 'lost leadership of the deferral controller');
    if (led) options.onAcquired();
  };
  const firstAttempt = campaign();
  const finished = (async () => {
    await firstAttempt;
    while (!stop.signal.aborted) {
      await clock.sleep(Math.min(retryMs, RETRY_MS), stop.signal);
      if (!stop.signal.aborted) await campaign();
    }
  })();
  return {
    leads,
    firstAttempt,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await finished;
      await election[Symbol.asyncDispose]();
    },
  };
}

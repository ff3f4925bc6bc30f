import { Counter, Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../shared/store/spool/spool.ts';

/** Makes the metrics of the spool and of the recording lease on the poller's registry. */
export function createStoreMetrics(registry: Registry) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const blocks = gauge('carbon_poller_spool_blocks', 'Minutes of containers in the spool, waiting for the database');
  const entries = gauge('carbon_poller_spool_entries', 'Writes in the spool, waiting for the database');
  const bytes = gauge('carbon_poller_spool_bytes', 'Size of the spool on disk');
  const dropped = new Counter({
    name: 'carbon_poller_spool_dropped_entries_total',
    help: 'Writes that were dropped from the spool because it had reached SPOOL_MAX_MB, oldest first',
    registers: [registry],
  });
  const droppedBefore = gauge(
    'carbon_poller_spool_dropped_entries',
    'Deprecated: use carbon_poller_spool_dropped_entries_total',
  );
  let counted = 0;
  const lease = gauge(
    'carbon_poller_lease_held',
    '1 while this process holds the recording lease, 0 while it is on standby',
  );
  return {
    /** Exports the state of the spool. */
    onBacklog(backlog: Backlog): void {
      blocks.set(backlog.blocks);
      entries.set(backlog.entries);
      bytes.set(backlog.bytes);
      droppedBefore.set(backlog.dropped);
      // A count below the last one is that of a spool opened anew.
      dropped.inc(backlog.dropped >= counted ? backlog.dropped - counted : backlog.dropped);
      counted = backlog.dropped;
    },
    /** Exports whether this process records power. */
    onLease(held: boolean): void {
      lease.set(held ? 1 : 0);
    },
  };
}

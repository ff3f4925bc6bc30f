import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../shared/store/spool/spool.ts';

/** Makes the metrics of the spool and of the recording lease on the poller's registry. */
export function createStoreMetrics(registry: Registry) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const blocks = gauge('carbon_poller_spool_blocks', 'Minutes of containers in the spool, waiting for the database');
  const entries = gauge('carbon_poller_spool_entries', 'Writes in the spool, waiting for the database');
  const bytes = gauge('carbon_poller_spool_bytes', 'Size of the spool on disk');
  const dropped = gauge(
    'carbon_poller_spool_dropped_entries',
    'Writes given up since the start because SPOOL_MAX_MB was reached, oldest first',
  );
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
      dropped.set(backlog.dropped);
    },
    /** Exports whether this process records power. */
    onLease(held: boolean): void {
      lease.set(held ? 1 : 0);
    },
  };
}

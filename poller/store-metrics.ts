import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../shared/store/spool/spool.ts';

/** Metrics of what stands between the poller and a database, made on the poller's registry. */
export function createStoreMetrics(registry: Registry) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const blocks = gauge('carbon_poller_spool_blocks', "Containers' minutes that wait on disk for the database");
  const entries = gauge('carbon_poller_spool_entries', 'Writes that wait on disk for the database');
  const bytes = gauge('carbon_poller_spool_bytes', 'Size of what waits on disk for the database');
  const dropped = gauge(
    'carbon_poller_spool_dropped_entries',
    'Writes given up since the start because SPOOL_MAX_MB was reached, oldest first',
  );
  const lease = gauge('carbon_poller_lease_held', '1 while this process records power, 0 while it stands by');
  return {
    /** Takes over what waits. */
    onBacklog(backlog: Backlog): void {
      blocks.set(backlog.blocks);
      entries.set(backlog.entries);
      bytes.set(backlog.bytes);
      dropped.set(backlog.dropped);
    },
    /** Takes over whether this process records. */
    onLease(held: boolean): void {
      lease.set(held ? 1 : 0);
    },
  };
}

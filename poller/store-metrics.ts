import { Counter, Gauge, type Registry } from 'prom-client';
import type { Backlog } from '../shared/store/spool/backlog.ts';
import type { RecordingStore } from '../shared/store/store.ts';

/** Makes the metrics of the store, its spool and the recording lease on the poller's registry. */
export function createStoreMetrics(registry: Registry) {
  const watchSpool = createSpoolMetrics(registry);
  const watchState = createFileMetrics(registry);
  const trimmed = new Counter({
    name: 'carbon_poller_store_trimmed_hours_total',
    help: 'Hours of history that were removed before RETENTION_DAYS because the store had reached HISTORY_MAX_MB',
    registers: [registry],
  });
  const lease = new Gauge({
    name: 'carbon_poller_lease_held',
    help: '1 while this process holds the recording lease, 0 while it is on standby',
    registers: [registry],
  });
  return {
    /** Exports the state of a store and its spool, read whenever metrics are collected. */
    watch(store: Pick<RecordingStore, 'backlog' | 'state'>): void {
      watchSpool(store.backlog);
      watchState(store.state);
    },
    /** Counts hours that were removed because of HISTORY_MAX_MB. */
    onTrimmed(hours: number): void {
      trimmed.inc(hours);
    },
    /** Exports whether this process records power. */
    onLease(held: boolean): void {
      lease.set(held ? 1 : 0);
    },
  };
}

/** Metrics of the spool; the result sets where they are read from. */
function createSpoolMetrics(registry: Registry): (from: RecordingStore['backlog']) => void {
  const registers = [registry];
  let source: RecordingStore['backlog'];
  const blocks = new Gauge({
    name: 'carbon_poller_spool_blocks',
    help: 'Minutes of containers in the spool, waiting for the database',
    registers,
    // The first of these metrics to be collected; it sets them all.
    collect: () => {
      if (source !== undefined) show(source());
    },
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const entries = gauge('carbon_poller_spool_entries', 'Writes in the spool, waiting for the database');
  const bytes = gauge('carbon_poller_spool_bytes', 'Size of the spool on disk');
  const dropped = new Counter({
    name: 'carbon_poller_spool_dropped_entries_total',
    help: 'Writes that were dropped from the spool because it had reached SPOOL_MAX_MB, oldest first; kept over restarts',
    registers,
  });
  const setAside = new Counter({
    name: 'carbon_poller_spool_set_aside_entries_total',
    help: 'Writes in the spool that cannot be delivered and were set aside, by reason; kept over restarts',
    labelNames: ['reason'] as const,
    registers,
  });
  const droppedBefore = gauge(
    'carbon_poller_spool_dropped_entries',
    'Deprecated: use carbon_poller_spool_dropped_entries_total',
  );
  function show(backlog: Backlog): void {
    blocks.set(backlog.blocks);
    entries.set(backlog.entries);
    bytes.set(backlog.bytes);
    droppedBefore.set(backlog.dropped);
    dropped.reset();
    dropped.inc(backlog.dropped);
    setAside.reset();
    for (const [reason, count] of Object.entries(backlog.setAside)) setAside.inc({ reason }, count);
  }
  return (from) => {
    source = from;
  };
}

/** Metrics of the embedded store's file; the result sets where they are read from. */
function createFileMetrics(registry: Registry): (from: RecordingStore['state']) => void {
  const registers = [registry];
  let state: RecordingStore['state'];
  const setAsideFiles = new Gauge({
    name: 'carbon_poller_store_set_aside_files',
    help: 'Damaged files of the embedded store that were set aside in DATA_DIR; delete them once they are no longer needed',
    registers,
  });
  const usable: Gauge = new Gauge({
    name: 'carbon_poller_store_usable',
    help: '1 while the embedded store can be read and written, 0 while it cannot; absent with a database',
    registers,
    collect: () => {
      const found = state?.();
      usable.remove();
      if (found === undefined) return;
      usable.set(found.status === 'unavailable' ? 0 : 1);
      setAsideFiles.set(found.setAside.length);
    },
  });
  return (from) => {
    state = from;
  };
}

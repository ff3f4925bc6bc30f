import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The readings task's metrics, made on the poller's registry. */
export function createReadingsMetrics(registry: Registry) {
  const registers = [registry];
  return {
    processed: new Counter({
      name: 'carbon_poller_readings_processed_total',
      help: 'Stream entries that this worker finished: stored, repeated (kept already), or dead (moved to the dead letters)',
      labelNames: ['outcome'] as const,
      registers,
    }),
    failures: new Counter({
      name: 'carbon_poller_readings_failures_total',
      help: 'Deliveries of a stream entry that failed, by reason; the last one leads to the dead letters',
      labelNames: ['reason'] as const,
      registers,
    }),
    claimed: new Counter({
      name: 'carbon_poller_readings_claimed_total',
      help: 'Unfinished stream entries that this worker took over or tried again',
      registers,
    }),
    storeRetries: new Counter({
      name: 'carbon_poller_readings_store_retries_total',
      help: 'Batches that the store could not accept at once and that were written again',
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'carbon_poller_readings_batch_duration_seconds',
      help: 'Time to store, list and acknowledge one batch',
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    connected: new Gauge({
      name: 'carbon_poller_readings_connected',
      help: '1 while the worker takes readings from Redis, 0 while it cannot; absent when the task does not run',
      labelNames: ['consumer'] as const,
      registers,
    }),
    ...streamGauges(registry),
  };
}

/** The metrics that {@link createReadingsMetrics} makes. */
export type ReadingsMetrics = ReturnType<typeof createReadingsMetrics>;

function streamGauges(registry: Registry) {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['stream'] as const, registers: [registry] });
  return {
    length: gauge('carbon_readings_stream_length', 'Entries of the readings stream that are not finished'),
    pending: gauge('carbon_readings_stream_pending', 'Entries delivered to a worker and not finished'),
    lag: gauge('carbon_readings_stream_lag', 'Entries not delivered to a worker yet; absent where Redis does not know'),
    consumers: gauge('carbon_readings_stream_consumers', 'Workers in the group'),
    deadLetters: gauge('carbon_readings_dead_letters', 'Entries in the dead letters, waiting for a redrive'),
  };
}

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Metrics of the deferral controller. */
export type DeferralMetrics = ReturnType<typeof createDeferralMetrics>;

/** Registers the deferral controller's metrics. */
export function createDeferralMetrics(registry: Registry) {
  const registers = [registry];
  return {
    waiting: new Gauge({
      name: 'carbon_deferral_waiting',
      help: 'Gated pods, suspended Jobs and gated workloads of Kueue that wait, by kind',
      labelNames: ['kind'],
      registers,
    }),
    released: new Counter({
      name: 'carbon_deferral_released_total',
      help: 'Pods and Jobs released, by reason: due, deadline, skip, no-slack, signal-lost, no-forecast, cleanest, saving-too-small, advised',
      labelNames: ['reason'],
      registers,
    }),
    planned: new Counter({
      name: 'carbon_deferral_plans_total',
      help: 'Plans written, by kind: new, changed, paused',
      labelNames: ['kind'],
      registers,
    }),
    late: new Histogram({
      name: 'carbon_deferral_past_deadline_seconds',
      help: 'Seconds after its deadline at which work was released; 0 for all that was in time',
      buckets: [0, 1, 15, 60, 300, 3_600],
      registers,
    }),
    leader: new Gauge({
      name: 'carbon_deferral_leader',
      help: '1 while this replica holds the Lease, 0 otherwise',
      registers,
    }),
    failures: new Counter({
      name: 'carbon_deferral_failures_total',
      help: 'Failed requests to the Kubernetes API, by kind: release, plan, pause, lease',
      labelNames: ['kind'],
      registers,
    }),
  };
}

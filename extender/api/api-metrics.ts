import { Counter, Histogram, Registry } from 'prom-client';
import { createIntakeMetrics } from '../readings/intake-metrics.ts';

/** The API thread's metrics, on a registry of their own. */
export function createApiMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    intake: createIntakeMetrics(registry),
    requests: new Counter({
      name: 'carbon_extender_api_requests_total',
      help: 'Requests to the REST API',
      labelNames: ['method', 'route', 'status'] as const,
      registers,
    }),
    seconds: new Histogram({
      name: 'carbon_extender_api_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its response',
      labelNames: ['route'] as const,
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
  };
}

/** The metrics that {@link createApiMetrics} makes. */
export type ApiMetrics = ReturnType<typeof createApiMetrics>;

import { Counter, type Registry } from 'prom-client';

/** The metrics of the readings intake, on the API's registry. */
export function createIntakeMetrics(registry: Registry) {
  return {
    readings: new Counter({
      name: 'carbon_extender_readings_total',
      help: 'Readings sent to POST /readings, by outcome: accepted, refused (not valid), unavailable (to be sent again)',
      labelNames: ['outcome'] as const,
      registers: [registry],
    }),
  };
}

/** The metrics that {@link createIntakeMetrics} makes. */
export type IntakeMetrics = ReturnType<typeof createIntakeMetrics>;

import { Counter, type Registry } from 'prom-client';

/** Metrics of what namespaces use, made on the poller's registry. */
export type NamespaceMetrics = ReturnType<typeof createNamespaceMetrics>;

/** Makes the counters of energy and emissions by namespace: the 50 largest, and `other`. */
export function createNamespaceMetrics(registry: Registry) {
  const labelNames = ['namespace'] as const;
  const registers = [registry];
  return {
    energy: new Counter({
      name: 'carbon_namespace_energy_joules_total',
      help: 'Energy of containers written to the store, by namespace: the 50 that used the most, and the rest as other',
      ...{ labelNames, registers },
    }),
    emissions: new Counter({
      name: 'carbon_namespace_emissions_grams_total',
      help: 'Emissions of the energy in carbon_namespace_energy_joules_total, at the current average intensity of the nodes’ zones; energy of unknown intensity is not included',
      ...{ labelNames, registers },
    }),
    unpriced: new Counter({
      name: 'carbon_namespace_unpriced_energy_joules_total',
      help: 'Energy of containers whose zone or intensity was not known, so that its emissions are in no counter',
      ...{ labelNames, registers },
    }),
  };
}

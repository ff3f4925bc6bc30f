import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The power task's metrics, made on the poller's registry. Times in seconds, energy in joules. */
export function createPowerMetrics(registry: Registry) {
  const registers = [registry];
  return {
    scrapes: new Counter({
      name: 'carbon_poller_scrapes_total',
      help: 'Scrapes of energy exporters and kubelets by source and outcome: ok, or the reason why there were no samples',
      labelNames: ['source', 'outcome'] as const,
      registers,
    }),
    scrapeSeconds: new Histogram({
      name: 'carbon_poller_scrape_duration_seconds',
      help: 'Time from the request to the last byte of a successful scrape',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    targets: new Gauge({
      name: 'carbon_poller_scrape_targets',
      help: 'Energy exporters and kubelets by source and state: ok when the last scrape returned counters, else failing',
      labelNames: ['source', 'state'] as const,
      registers,
    }),
    samples: new Counter({
      name: 'carbon_poller_power_samples_total',
      help: 'Container power samples written to the store',
      registers,
    }),
    energy: new Counter({
      name: 'carbon_poller_recorded_energy_joules_total',
      help: 'Container energy written to the store',
      registers,
    }),
    counterEvents: new Counter({
      name: 'carbon_poller_energy_counter_events_total',
      help: 'Energy counters whose increase could not be used as it is, by reason: first-observation, reset, gpu-decrease, gap, implausible, pending, basis-changed, exporter-restarted, node-changed, frozen, partial',
      labelNames: ['reason'] as const,
      registers,
    }),
    malformed: new Counter({
      name: 'carbon_poller_malformed_lines_total',
      help: 'Lines of metrics of exporters and kubelets that were skipped because they are not valid samples',
      registers,
    }),
    ...nodeMetrics(registry),
    lastScrape: new Gauge({
      name: 'carbon_poller_last_scrape_timestamp_seconds',
      help: 'When an exporter last returned counters; absent before the first successful scrape',
      registers,
    }),
  };
}

function nodeMetrics(registry: Registry) {
  const registers = [registry];
  return {
    nodes: new Gauge({
      name: 'carbon_poller_power_nodes',
      help: 'Nodes whose power is known, by source: kepler, prometheus, usage (modelled from CPU and memory usage), or dcgm (their GPUs)',
      labelNames: ['source'] as const,
      registers,
    }),
    closure: new Gauge({
      name: 'carbon_poller_node_closure_ratio',
      help: 'Recorded energy of containers and of processes outside them as a share of what their node counted, idle energy left out, in the last full hour; 1 where both agree',
      labelNames: ['node'] as const,
      registers,
    }),
    meterClosure: new Gauge({
      name: 'carbon_poller_node_meter_closure_ratio',
      help: 'Recorded energy of a node, the unmetered rest included, as a share of what the meter on its outlet counted in the last full hour; above 1 where more was recorded',
      labelNames: ['node'] as const,
      registers,
    }),
    calibration: new Gauge({
      name: 'carbon_poller_power_model_calibration_factor',
      help: 'Measured energy over modelled energy of the nodes of a type, by model and by what measured: meter, platform or kepler',
      labelNames: ['model', 'source'] as const,
      registers,
    }),
    calibrationLow: new Gauge({
      name: 'carbon_poller_power_model_calibration_factor_low',
      help: 'Lower end of the spread of the measured hours around the factor; 80 of 100 lie within',
      labelNames: ['model', 'source'] as const,
      registers,
    }),
    calibrationHigh: new Gauge({
      name: 'carbon_poller_power_model_calibration_factor_high',
      help: 'Upper end of the spread of the measured hours around the factor',
      labelNames: ['model', 'source'] as const,
      registers,
    }),
    calibratedAt: new Gauge({
      name: 'carbon_poller_power_model_calibration_timestamp_seconds',
      help: 'End of the newest hour that the calibration of a model is made of',
      labelNames: ['model'] as const,
      registers,
    }),
  };
}

/** The metrics that {@link createPowerMetrics} makes. */
export type PowerMetrics = ReturnType<typeof createPowerMetrics>;

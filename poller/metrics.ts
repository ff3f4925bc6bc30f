import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import packageJson from '../package.json' with { type: 'json' };
import { createCertificateMetrics } from '../shared/runtime/certificate-metrics.ts';
import { createBudgetMetrics } from './budgets/budget-metrics.ts';
import { trackAccuracy } from './grid/accuracy.ts';
import { createGridMetrics } from './grid/grid-metrics.ts';
import { createZoneMetrics } from './grid/zone-metrics.ts';
import { createNamespaceMetrics } from './namespaces/namespace-metrics.ts';
import { createPowerMetrics } from './power/power-metrics.ts';
import { createReadingsMetrics } from './readings/readings-metrics.ts';
import { createStoreMetrics } from './store-metrics.ts';

/** All metrics of the poller, on their own registry, in base units. */
export type PollerMetrics = ReturnType<typeof createPollerMetrics>;

/** Makes the poller's metrics; each process and each test has its own. */
export function createPollerMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const buildInfo = new Gauge({
    name: 'carbon_poller_build_info',
    help: 'Version of the poller; always 1',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  });
  buildInfo.set({ version: packageJson.version, node_version: process.version }, 1);
  return {
    registry,
    ...createZoneMetrics(registry),
    grid: createGridMetrics(registry),
    accuracy: trackAccuracy(registry),
    budgets: createBudgetMetrics(registry),
    certificates: createCertificateMetrics('poller', [registry]),
    namespaces: createNamespaceMetrics(registry),
    power: createPowerMetrics(registry),
    readings: createReadingsMetrics(registry),
    store: createStoreMetrics(registry),
  };
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import packageJson from '../package.json' with { type: 'json' };
import { createBudgetMetrics } from './budgets/budget-metrics.ts';
import { trackAccuracy } from './grid/accuracy.ts';
import { createGridMetrics } from './grid/grid-metrics.ts';
import { createPowerMetrics } from './power/power-metrics.ts';
import { createReadingsMetrics } from './readings/readings-metrics.ts';
import { createStoreMetrics } from './store-metrics.ts';

/** All metrics of the poller, on their own registry, in base units. */
export type PollerMetrics = ReturnType<typeof createPollerMetrics>;

/** Makes the poller's metrics; each process and each test has its own. */
export function createPollerMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const buildInfo = new Gauge({
    name: 'carbon_poller_build_info',
    help: 'Version of the poller; always 1',
    labelNames: ['version', 'node'],
    registers,
  });
  buildInfo.set({ version: packageJson.version, node: process.version }, 1);
  const attempts = new Counter({
    name: 'carbon_poller_grid_requests_total',
    help: 'Attempts to fetch a zone from a grid data provider, by outcome: ok, auth, not-covered, no-data, rate-limited, unavailable, malformed',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const attemptSeconds = new Histogram({
    name: 'carbon_poller_grid_request_duration_seconds',
    help: 'Duration of attempts to fetch a zone from a grid data provider',
    labelNames: ['provider'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    registry,
    grid: createGridMetrics(registry),
    accuracy: trackAccuracy(registry),
    budgets: createBudgetMetrics(registry),
    power: createPowerMetrics(registry),
    readings: createReadingsMetrics(registry),
    store: createStoreMetrics(registry),
    intensity: new Gauge({
      name: 'carbon_intensity_grams_per_kwh',
      help: 'Newest carbon intensity of a zone in gCO2eq per kilowatt-hour',
      labelNames: ['zone', 'provider', 'signal', 'quality'],
      registers,
    }),
    zoneLastSuccess: new Gauge({
      name: 'carbon_poller_zone_last_success_timestamp_seconds',
      help: 'When the newest sample of a zone was fetched',
      labelNames: ['zone'],
      registers,
    }),
    cacheWritten: new Gauge({
      name: 'carbon_poller_cache_written_timestamp_seconds',
      help: 'When the cache file was last written',
      registers,
    }),
    cacheZones: new Gauge({
      name: 'carbon_poller_cache_zones',
      help: 'Zones in the cache file',
      registers,
    }),
    /** Counts one attempt to fetch a zone. */
    countAttempt(provider: string, outcome: string, seconds: number): void {
      attempts.inc({ provider, outcome });
      attemptSeconds.observe({ provider }, seconds);
    },
  };
}

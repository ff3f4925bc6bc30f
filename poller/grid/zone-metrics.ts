import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Makes the metrics of zones and of the cache file on the poller's registry. */
export function createZoneMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
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
    intensity: gauge(
      'carbon_intensity_grams_per_kwh',
      'Newest carbon intensity of a zone in gCO2eq per kilowatt-hour',
      ['zone', 'provider', 'signal', 'quality'],
    ),
    regionIntensity: gauge(
      'grid_carbon_intensity',
      'Newest carbon intensity by the name that ZONES gives, in gCO2eq per kilowatt-hour; for autoscalers',
      ['region', 'zone'],
    ),
    zoneLastSuccess: gauge(
      'carbon_poller_zone_last_success_timestamp_seconds',
      'When the newest sample of a zone was fetched',
      ['zone'],
    ),
    cacheWritten: gauge('carbon_poller_cache_written_timestamp_seconds', 'When the cache file was last written'),
    cacheZones: gauge('carbon_poller_cache_zones', 'Zones in the cache file'),
    /** Counts one attempt to fetch a zone. */
    countAttempt(provider: string, outcome: string, seconds: number): void {
      attempts.inc({ provider, outcome });
      attemptSeconds.observe({ provider }, seconds);
    },
  };
}

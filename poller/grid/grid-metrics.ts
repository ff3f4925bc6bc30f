import { Counter, Gauge, type Registry } from 'prom-client';

/** What a provider client reports about itself. */
export interface ProviderClientMetrics {
  /** A response with its HTTP status, or `none` when there was no complete response. */
  responded(provider: string, status: string): void;
  /** A request that was not sent: `rate-limit`, `circuit-open`, `backoff` or `shutdown`. */
  throttled(provider: string, reason: string): void;
  /** Something wrong with the data of a provider, see DataIssue. */
  dataIssue(provider: string, reason: string): void;
  state(provider: string, remainingRequests: number, circuitOpen: boolean): void;
}

/** Metrics of the grid task. */
export type GridMetrics = ReturnType<typeof createGridMetrics>;

/** Makes the metrics of the grid task on the poller's registry. Deprecated names are exported with the same values. */
export function createGridMetrics(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `carbon_poller_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `carbon_poller_${name}`, help, labelNames, registers });
  const renamedGauge = (name: string, oldName: string, help: string, labelNames: string[] = []) =>
    setAll([gauge(name, help, labelNames), gauge(oldName, `Deprecated: use carbon_poller_${name}`, labelNames)]);
  const http = counter(
    'grid_http_requests_total',
    'HTTP requests to grid data providers by status; none: there was no complete response',
    ['provider', 'status'],
  );
  const throttled = counter(
    'grid_requests_not_sent_total',
    'Requests to grid data providers that were not sent, by reason: rate-limit, circuit-open, backoff (the provider requested a pause or refused the key), shutdown',
    ['provider', 'reason'],
  );
  const issues = counter(
    'grid_data_issues_total',
    'Values of grid data providers that were dropped, by reason: malformed, negative, implausible, duplicate; and unknown-code (a fuel that is counted as other), deprecated (the provider has deprecated the API)',
    ['provider', 'reason'],
  );
  const remaining = renamedGauge(
    'grid_rate_limit_remaining_requests',
    'grid_budget_remaining_requests',
    'Requests that could be sent to a grid data provider at once within its hourly limit',
    ['provider'],
  );
  const open = gauge('grid_circuit_open', '1 while a grid data provider is down and only probes are sent to it', [
    'provider',
  ]);
  const failedHelp = 'Poll cycles in a row in which no provider returned a value';
  const failedCycles = renamedGauge('grid_failed_cycles', 'grid_failed_rounds', failedHelp);
  const client: ProviderClientMetrics = {
    responded: (provider, status) => http.inc({ provider, status }),
    throttled: (provider, reason) => throttled.inc({ provider, reason }),
    dataIssue: (provider, reason) => issues.inc({ provider, reason }),
    state(provider, requests, isOpen) {
      remaining({ provider }, requests);
      open.set({ provider }, isOpen ? 1 : 0);
    },
  };
  return {
    client,
    fallbacks: counter('grid_fallbacks_total', 'Samples that did not come from the first provider of the zone', [
      'zone',
      'provider',
    ]),
    setFailedCycles: (count: number) => failedCycles({}, count),
    forecastPoints: gauge('grid_forecast_points', 'Hours of forecast in the cache file', ['zone', 'source']),
    storePending: gauge(
      'grid_history_pending_rows',
      'Rows of the intensity history that are not written to the store yet',
    ),
    storeFailures: counter('grid_history_write_failures_total', 'Failed writes of the intensity history to the store'),
    alerts: counter('alerts_total', 'Messages to Slack by outcome: sent, refused, retry', ['outcome']),
  };
}

/** Sets several gauges to one value: a metric under its name and under the one that it had before. */
function setAll(gauges: readonly Gauge[]) {
  return (labels: Record<string, string>, value: number): void => {
    for (const gauge of gauges) gauge.set(labels, value);
  };
}

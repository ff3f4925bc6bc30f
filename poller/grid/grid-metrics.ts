import { Counter, Gauge, type Registry } from 'prom-client';

/** What a line to a provider tells about itself. */
export interface ProviderClientMetrics {
  /** An answer with its HTTP status, or `none` when no whole answer came. */
  answered(provider: string, status: string): void;
  /** A question that was not sent, and why. */
  refused(provider: string, reason: string): void;
  state(provider: string, budgetRemaining: number, circuitOpen: boolean): void;
}

/** Metrics of the grid task beside the readings themselves. */
export type GridMetrics = ReturnType<typeof createGridMetrics>;

/** Makes the grid task's own metrics on the poller's registry. */
export function createGridMetrics(registry: Registry) {
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `carbon_poller_${name}`, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `carbon_poller_${name}`, help, labelNames, registers: [registry] });
  const http = counter('grid_http_requests_total', 'HTTP requests to grid data providers by status; none: no answer', [
    'provider',
    'status',
  ]);
  const refused = counter(
    'grid_requests_not_sent_total',
    'Questions that were not sent: budget, circuit (it was down), pause (it told us to wait), stopped',
    ['provider', 'reason'],
  );
  const budget = gauge('grid_budget_remaining_requests', 'Requests that the budget allows at once', ['provider']);
  const open = gauge('grid_circuit_open', '1 while a provider is down and only probed now and then', ['provider']);
  const line: ProviderClientMetrics = {
    answered: (provider, status) => http.inc({ provider, status }),
    refused: (provider, reason) => refused.inc({ provider, reason }),
    state(provider, remaining, isOpen) {
      budget.set({ provider }, remaining);
      open.set({ provider }, isOpen ? 1 : 0);
    },
  };
  return {
    line,
    fallbacks: counter('grid_fallbacks_total', 'Readings that did not come from the first provider of the zone', [
      'zone',
      'provider',
    ]),
    failedRounds: gauge('grid_failed_rounds', 'Rounds in a row without any reading'),
    forecastPoints: gauge('grid_forecast_points', 'Hours of forecast in the cache file', ['zone', 'source']),
    storePending: gauge('grid_history_pending_rows', 'Rows of history that the store has not taken yet'),
    storeFailures: counter('grid_history_write_failures_total', 'Writes of history that the store refused'),
    alerts: counter('alerts_total', 'Messages to Slack by outcome: sent, refused, retry', ['outcome']),
  };
}

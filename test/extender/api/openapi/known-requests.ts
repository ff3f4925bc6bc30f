import type { ValidRequest } from './valid-arbitrary.ts';

const JSON_BODY = { 'content-type': 'application/json' };
const container = { namespace: 'shop', pod: 'web-0', container: 'app', countries: ['DE'], n: 5 };
const workload = {
  ...{ service_name: 'q2q-ai', region: 'DE', request_count: 10 },
  ...{ period_start: '2026-01-01T11:00:00Z', period_end: '2026-01-01T12:00:00Z' },
};
const reading = { site_id: 'quay-1', device_id: 'm-1', power_reading: 50, timestamp: '2026-01-01T11:30:00Z' };

const KNOWN: Readonly<Record<string, { readonly path?: string; readonly body?: unknown }>> = {
  'POST /api/power-consumption': { body: {} },
  'POST /api/co2-per-container': { body: container },
  'POST /api/co2-range': { body: container },
  'GET /api/statement': { path: '/api/statement?month=2026-01' },
  'POST /api/workloads': { body: workload },
  'POST /readings': { body: reading },
  'PUT /sites/{site_id}': { path: '/sites/quay-1', body: { zone: 'DE' } },
  'GET /sites/{site_id}/readings': { path: '/sites/quay-1/readings' },
  'GET /sites/{site_id}/emissions': { path: '/sites/quay-1/emissions' },
};

/** A request of an operation that the API of `filledApi` has an answer to: without parameters, unless they are required. */
export function knownRequest(method: string, path: string): ValidRequest {
  const known = KNOWN[`${method} ${path}`];
  const body = known?.body === undefined ? undefined : JSON.stringify(known.body);
  return { path: known?.path ?? path, headers: body === undefined ? {} : JSON_BODY, body };
}

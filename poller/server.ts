import type { Registry } from 'prom-client';
import {
  answerOperations,
  type ListeningServer,
  listen,
  type Readiness,
  sendJson,
} from '../shared/runtime/http-server.ts';

/** Serves /healthz, /readyz and /metrics of the poller. */
export function startPollerServer(
  address: { host: string; port: number },
  registry: Registry,
  readiness: () => Readiness,
): Promise<ListeningServer> {
  return listen((request, response) => {
    answerOperations(request, response, registry, readiness)
      .then(
        (answered) => answered || sendJson(response, 404, { error: 'not found; try /healthz, /readyz or /metrics' }),
      )
      .catch(() => response.destroy());
  }, address);
}

import type { Registry } from 'prom-client';
import {
  answerOperations,
  type ListeningServer,
  listen,
  type Readiness,
  sendProblemDetail,
} from '../shared/runtime/http-server.ts';

/** Serves /healthz, /readyz and /metrics of the poller. */
export function startPollerServer(
  address: { host: string; port: number },
  registry: Registry,
  readiness: () => Readiness,
): Promise<ListeningServer> {
  return listen((request, response) => {
    answerOperations(request, response, registry, readiness)
      .then((answered) => answered || sendProblemDetail(response, 404, 'not found; try /healthz, /readyz or /metrics'))
      .catch(() => response.destroy());
  }, address);
}

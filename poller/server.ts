import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import {
  answerOperations,
  type ListeningServer,
  listen,
  type Readiness,
  sendProblemDetail,
} from '../shared/runtime/http-server.ts';

/** Handles further paths of a poller; resolves with false for a request of another path. */
export type FurtherRoutes = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** Serves /healthz, /readyz and /metrics of the poller, and the further paths that its tasks have. */
export function startPollerServer(
  address: { host: string; port: number },
  registry: Registry,
  readiness: () => Readiness,
  further: FurtherRoutes = async () => false,
): Promise<ListeningServer> {
  return listen((request, response) => {
    answerOperations(request, response, registry, readiness)
      .then((handled) => handled || further(request, response))
      .then((handled) => handled || sendProblemDetail(response, 404, 'not found; try /healthz, /readyz or /metrics'))
      .catch(() => response.destroy());
  }, address);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { sendJson, sendProblemDetail } from '../../shared/runtime/http-server.ts';
import type { DecisionLog } from '../placement/decision-log.ts';
import { explain } from '../placement/explain.ts';

/** Serves GET /explain?pod=namespace/name; a name alone is one of the namespace `default`. */
export function serveExplain(request: IncomingMessage, response: ServerResponse, log: DecisionLog, clock: Clock): void {
  const wanted = new URL(request.url ?? '/', 'http://localhost').searchParams.get('pod') ?? '';
  const [first = '', second, ...rest] = wanted.split('/');
  if (first === '' || second === '' || rest.length > 0)
    return void sendProblemDetail(response, 400, 'name a pod: /explain?pod=namespace/name');
  const [namespace, pod] = second === undefined ? ['default', first] : [first, second];
  const decision = log.find(namespace, pod);
  if (decision !== undefined) return void sendJson(response, 200, explain(decision, clock.now()));
  const error = `no decision is remembered for ${namespace}/${pod}: kube-scheduler sent no request for it to this extender, or too long ago`;
  sendProblemDetail(response, 404, error);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { sendFault, sendJson } from '../../shared/runtime/http-server.ts';
import type { Judgements } from '../placement/decision-log.ts';
import { explain } from '../placement/explain.ts';

/** Answers GET /explain?pod=namespace/name; a name alone is one of the namespace `default`. */
export function answerExplain(
  request: IncomingMessage,
  response: ServerResponse,
  judgements: Judgements,
  clock: Clock,
): void {
  const wanted = new URL(request.url ?? '/', 'http://localhost').searchParams.get('pod') ?? '';
  const [first = '', second, ...rest] = wanted.split('/');
  if (first === '' || second === '' || rest.length > 0)
    return void sendFault(response, 400, 'name a pod: /explain?pod=namespace/name');
  const [namespace, pod] = second === undefined ? ['default', first] : [first, second];
  const judgement = judgements.find(namespace, pod);
  if (judgement !== undefined) return void sendJson(response, 200, explain(judgement, clock.now()));
  const error = `nothing is known of ${namespace}/${pod}: kube-scheduler has not asked about it here, or too long ago`;
  sendFault(response, 404, error);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheState } from '../../shared/carbon-cache.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import {
  answerOperations,
  type ListeningServer,
  listen,
  pathOf,
  type Readiness,
  sendJson,
} from '../../shared/runtime/http-server.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import { readBody } from './body.ts';
import { createCandidateMemory } from './candidate-memory.ts';
import { filter } from './filter.ts';
import type { NodeDirectory } from './nodes.ts';
import { preempt } from './preempt.ts';
import { createPrioritize } from './prioritize.ts';
import { readExtenderArgs } from './protocol.ts';
import { RequestFault } from './wire-checks.ts';

/** What the scheduler port needs. */
export interface SchedulerServerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  readonly cache: () => CacheState;
  readonly directory: NodeDirectory;
  readonly readiness: () => Readiness;
  readonly metrics: ExtenderMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How a call ended, as the metrics count it. */
type Outcome = 'ok' | 'neutral' | 'bad-request' | 'too-large' | 'aborted' | 'failed';

/** A call's answer. */
interface Answer {
  readonly status: number;
  readonly outcome: Outcome;
  /** JSON, ready to send, or what went wrong. */
  readonly body: Buffer | { readonly error: string };
}

type Verb = (body: Buffer) => Answer;

/** Answers kube-scheduler on its own port, at / and under /scheduler/. */
export function startSchedulerServer(options: SchedulerServerOptions): Promise<ListeningServer> {
  const verbs = createVerbs(options);
  const routes = new Map<string, { name: string; verb: Verb }>();
  for (const [name, verb] of Object.entries(verbs))
    for (const prefix of ['', '/scheduler']) routes.set(`${prefix}/${name}`, { name, verb });
  return listen((request, response) => {
    const route = routes.get(pathOf(request));
    if (route === undefined) void answerOther(request, response, options);
    else void answerCall(request, response, route, options);
  }, options);
}

function createVerbs({ cache, directory, metrics }: SchedulerServerOptions): Record<string, Verb> {
  const memory = createCandidateMemory();
  const prioritize = createPrioritize(directory);
  const countNames = (verb: string, { candidates }: ReturnType<typeof readExtenderArgs>) =>
    metrics.countNames(verb, candidates.form === 'names' ? candidates.names.length : candidates.nodes.length);
  return {
    filter(body) {
      const args = readExtenderArgs(body, memory);
      countNames('filter', args);
      return { status: 200, outcome: 'ok', body: filter(args) };
    },
    prioritize(body) {
      const args = readExtenderArgs(body, memory);
      countNames('prioritize', args);
      const { body: answer, neutral } = prioritize(args.candidates, cache());
      if (neutral !== undefined) metrics.countNeutral(neutral);
      return { status: 200, outcome: neutral === undefined ? 'ok' : 'neutral', body: answer };
    },
    preempt: (body) => ({ status: 200, outcome: 'ok', body: preempt(body) }),
  };
}

async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  route: { name: string; verb: Verb },
  options: SchedulerServerOptions,
): Promise<void> {
  const start = options.clock.monotonic();
  const answer = refusal(request) ?? (await decide(request, route.verb, options));
  if (answer.outcome !== 'aborted') send(response, answer);
  options.metrics.observeCall(route.name, answer.outcome, (options.clock.monotonic() - start) / 1_000);
}

async function decide(request: IncomingMessage, verb: Verb, options: SchedulerServerOptions): Promise<Answer> {
  const read = await readBody(request, options.maxBodyBytes);
  if (read.kind === 'aborted') return { status: 400, outcome: 'aborted', body: { error: 'the request was aborted' } };
  if (read.kind === 'too-large') {
    const error = `the body is larger than ${options.maxBodyBytes} bytes (MAX_BODY_MB)`;
    return { status: 413, outcome: 'too-large', body: { error } };
  }
  try {
    return verb(read.bytes);
  } catch (error) {
    if (error instanceof RequestFault) return { status: 400, outcome: 'bad-request', body: { error: error.message } };
    options.logger.error({ err: error, path: pathOf(request) }, 'a call could not be answered');
    return { status: 500, outcome: 'failed', body: { error: 'internal error; see the log of the extender' } };
  }
}

/** What is wrong with a call before its body is read. */
function refusal({ method, headers }: IncomingMessage): Answer | undefined {
  const refuse = (status: number, error: string): Answer => ({ status, outcome: 'bad-request', body: { error } });
  if (method !== 'POST') return refuse(405, `${method} is not allowed here, only POST`);
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type))
    return refuse(415, `the body is ${type}, not application/json`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse(415, `the body is encoded as ${encoding}; only plain JSON is taken`);
  return undefined;
}

function send(response: ServerResponse, { status, body }: Answer): void {
  if (status === 405) response.setHeader('Allow', 'POST');
  if (!Buffer.isBuffer(body)) return void sendJson(response, status, body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
}

async function answerOther(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, readiness, logger }: SchedulerServerOptions,
): Promise<void> {
  try {
    if (await answerOperations(request, response, metrics.registry, readiness)) return;
    const error = 'not found; try POST /filter, /prioritize, /preempt or GET /healthz, /readyz, /metrics';
    sendJson(response, 404, { error });
  } catch (error) {
    logger.error({ err: error, path: pathOf(request) }, 'a request could not be answered');
    response.destroy();
  }
}

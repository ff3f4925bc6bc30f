import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { limitConnections } from '../../shared/runtime/connection-limits.ts';
import { foreignHost } from '../../shared/runtime/host-names.ts';
import {
  answerOperations,
  type ListeningServer,
  listen,
  pathOf,
  type Readiness,
  sendProblemDetail,
  TIMEOUTS,
} from '../../shared/runtime/http-server.ts';
import type { Logger } from '../../shared/runtime/logger.ts';
import type { ExtenderMetrics } from '../metrics.ts';
import type { DecisionLog } from '../placement/decision-log.ts';
import { readBody } from './body.ts';
import { serveExplain } from './explain-route.ts';
import { createTlsServer, type TlsFiles } from './tls.ts';
import type { Verb, Verbs } from './verbs.ts';
import { InvalidRequestError } from './wire-checks.ts';

/** What the scheduler port needs. */
export interface SchedulerServerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** Undefined for plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  readonly verbs: Verbs;
  /** What GET /explain reads. */
  readonly log: DecisionLog;
  /** Further names in the Host header under which GET /explain is served, see ALLOWED_HOSTS. */
  readonly allowedHosts?: readonly string[];
  readonly readiness: () => Readiness;
  readonly metrics: ExtenderMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** kube-scheduler keeps one or two connections; probes and scrapes come and go. */
const CONNECTIONS = { total: 512, perAddress: 128 };

/** How a request ended, as the metrics count it. */
type Outcome = 'ok' | 'neutral' | 'bad-request' | 'too-large' | 'aborted' | 'failed';

/** The response to a request. */
interface VerbReply {
  readonly status: number;
  readonly outcome: Outcome;
  /** JSON, ready to send, or what is wrong with the request. */
  readonly body: Buffer | { readonly error: string };
}

/** Serves kube-scheduler on its own port, at / and under /scheduler/. */
export async function startSchedulerServer(options: SchedulerServerOptions): Promise<ListeningServer> {
  const routes = new Map<string, { name: string; verb: Verb }>();
  for (const [name, verb] of Object.entries(options.verbs))
    for (const prefix of ['', '/scheduler']) routes.set(`${prefix}/${name}`, { name, verb });
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    const route = routes.get(pathOf(request));
    if (route === undefined) void serveOther(request, response, options);
    else void serveVerb(request, response, route, options);
  };
  const onRefused = (reason: string) => options.metrics.countRefusedConnection(reason);
  if (options.tls === undefined) {
    const server = createServer(TIMEOUTS);
    limitConnections(server, CONNECTIONS, onRefused);
    return listen(handler, options, server);
  }
  const { clock, logger, metrics } = options;
  const tls = await createTlsServer(options.tls, TIMEOUTS, { clock, logger, metrics: metrics.tls });
  const { server } = tls;
  limitConnections(server, CONNECTIONS, onRefused);
  await using stack = new AsyncDisposableStack();
  stack.use(tls.watching);
  const checked = (request: IncomingMessage, response: ServerResponse) => {
    if (tls.clients.admits(request.socket)) handler(request, response);
  };
  const listening = stack.use(await listen(checked, options, server));
  const running = stack.move();
  return { port: listening.port, server, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function serveVerb(
  request: IncomingMessage,
  response: ServerResponse,
  route: { name: string; verb: Verb },
  options: SchedulerServerOptions,
): Promise<void> {
  const start = options.clock.monotonic();
  const reply = refusal(request) ?? (await decide(request, route.verb, options));
  if (reply.outcome !== 'aborted') send(response, reply);
  options.metrics.observeCall(route.name, reply.outcome, (options.clock.monotonic() - start) / 1_000);
}

async function decide(request: IncomingMessage, verb: Verb, options: SchedulerServerOptions): Promise<VerbReply> {
  const read = await readBody(request, options.maxBodyBytes);
  if (read.kind === 'aborted') return { status: 400, outcome: 'aborted', body: { error: 'the request was aborted' } };
  if (read.kind === 'too-large') {
    const error = `the body is larger than ${options.maxBodyBytes} bytes (MAX_BODY_MB)`;
    return { status: 413, outcome: 'too-large', body: { error } };
  }
  try {
    const { body, neutral } = verb(read.bytes);
    return { status: 200, outcome: neutral ? 'neutral' : 'ok', body };
  } catch (error) {
    if (error instanceof InvalidRequestError)
      return { status: 400, outcome: 'bad-request', body: { error: error.message } };
    options.logger.error(
      { code: 'SCHEDULER_REQUEST_FAILED', err: error, path: pathOf(request) },
      'a request on the scheduler port failed',
    );
    return { status: 500, outcome: 'failed', body: { error: 'internal error; see the log of the extender' } };
  }
}

/** What is wrong with a request before its body is read; undefined for nothing. */
function refusal({ method, headers }: IncomingMessage): VerbReply | undefined {
  const refuse = (status: number, error: string): VerbReply => ({ status, outcome: 'bad-request', body: { error } });
  // kube-scheduler sends none; a browser does with every POST, also of a page under a rebound name.
  if (headers.origin !== undefined)
    return refuse(403, `web pages, such as those of ${headers.origin}, may not call this port`);
  if (method !== 'POST') return refuse(405, `${method} is not allowed here, only POST`);
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type))
    return refuse(415, `the body is ${type}, not application/json`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse(415, `the body is encoded as ${encoding}; only plain JSON is accepted`);
  return undefined;
}

function send(response: ServerResponse, { status, body }: VerbReply): void {
  if (status === 405) response.setHeader('Allow', 'POST');
  if (!Buffer.isBuffer(body)) return void sendProblemDetail(response, status, body.error);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
}

async function serveOther(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, readiness, logger, log, clock, allowedHosts = [] }: SchedulerServerOptions,
): Promise<void> {
  try {
    if (request.method === 'GET' && /^(\/scheduler)?\/explain$/.test(pathOf(request))) {
      const foreign = foreignHost(request.headers.host, allowedHosts);
      if (foreign === undefined) return serveExplain(request, response, log, clock);
      const detail = `the Host ${foreign} is not a name of this server; see ALLOWED_HOSTS`;
      return void sendProblemDetail(response, 403, detail);
    }
    if (await answerOperations(request, response, metrics.registry, readiness)) return;
    const error = 'not found; try POST /filter, /prioritize, /preempt or GET /explain, /healthz, /readyz, /metrics';
    sendProblemDetail(response, 404, error);
  } catch (error) {
    logger.error(
      { code: 'SCHEDULER_REQUEST_FAILED', err: error, path: pathOf(request) },
      'a request on the scheduler port failed',
    );
    response.destroy();
  }
}

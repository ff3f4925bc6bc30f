import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { answerOperations, pathOf, type Readiness } from '../../shared/runtime/http-server.ts';
import { requireToken } from './auth.ts';
import { budgetsRoute } from './budgets.ts';
import { co2IntensitiesRoute } from './co2-intensities.ts';
import { co2PerContainerOperation, co2PerContainerRoute, co2RangeOperation } from './co2-per-container.ts';
import { containersRoute } from './containers.ts';
import { serveDashboard } from './dashboard/files.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import { emissionsRoute } from './emissions/emissions.ts';
import { exportTimeSeriesRoute } from './export-time-series.ts';
import { healthRoute, statusRoute } from './health.ts';
import { OPERATIONS } from './openapi/operations.ts';
import { descriptionRoutes } from './openapi/routes.ts';
import { powerConsumptionRoute } from './power-consumption.ts';
import { ProblemError, sendProblem } from './problem.ts';
import { limitRate } from './rate-limit.ts';
import { readingsRoutes } from './readings-routes.ts';
import type { ApiDependencies, Route } from './route.ts';
import { savingsRoute } from './savings.ts';
import { STORE_RETRY_SECONDS, storeProblem } from './store-problem.ts';
import { saveWorkloadsRoute, workloadsRoute } from './workloads.ts';

const MAX_BODY = '1mb';
const PROCESS_PATHS = ['/healthz', '/readyz', '/metrics'];

/** Every resource of the API. */
export function routes(deps: ApiDependencies): Route[] {
  return [
    containersRoute(deps),
    powerConsumptionRoute(deps),
    co2PerContainerRoute(deps, co2PerContainerOperation),
    co2PerContainerRoute(deps, co2RangeOperation),
    co2IntensitiesRoute(deps),
    savingsRoute(deps),
    emissionsRoute(deps),
    exportTimeSeriesRoute(deps),
    saveWorkloadsRoute(deps),
    workloadsRoute(deps),
    budgetsRoute(deps),
    healthRoute(deps),
    statusRoute(deps),
    ...readingsRoutes(deps),
    ...dashboardRoutes(deps),
    ...descriptionRoutes(OPERATIONS),
  ];
}

/** Makes the REST API's request handler. */
export function createApp(deps: ApiDependencies): Express {
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple');
  const all = routes(deps);
  const open = new Set([
    ...PROCESS_PATHS,
    ...all.filter(({ operation }) => operation.open).map(({ operation }) => operation.path),
  ]);
  app.use(measure(deps, new Set([...open, ...all.map(({ operation }) => operation.path)])));
  app.use(async (request, response, next) => {
    if (!(await answerOperations(request, response, deps.metrics.registry, () => READY))) next();
  });
  app.use(serveDashboard());
  if (deps.requestsPerSecond) app.use(limitRate(deps.requestsPerSecond, open, deps.clock));
  if (deps.token !== undefined) app.use(requireToken(deps.token, open));
  for (const path of new Set(all.map(({ operation }) => operation.path))) addPath(app, path, all);
  for (const path of PROCESS_PATHS) app.all(path, refuseMethod(['GET', 'HEAD']));
  app.use((request) => {
    throw new ProblemError(404, `There is nothing at ${pathOf(request)}`);
  });
  app.use(answerError(deps));
  return app;
}

// The API answers from whatever the store has, also from none: once it listens it is ready.
const READY: Readiness = { ready: true };

function addPath(app: Express, path: string, all: readonly Route[]): void {
  const here = all.filter(({ operation }) => operation.path === path);
  const named: RequestHandler = (_request, response, next) => {
    response.locals.route = path;
    next();
  };
  for (const { operation, handle, readBody = SMALL_JSON } of here) {
    const { method } = operation;
    if (method === 'GET') app.get(path, named, (request, response) => handle(request, response));
    else
      app[method === 'PUT' ? 'put' : 'post'](path, named, ...readBody, (request, response) =>
        handle(request, response),
      );
  }
  const methods = here.flatMap(({ operation: { method } }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  app.all(path, named, refuseMethod(methods));
}

const requireJson: RequestHandler = (request, _response, next) => {
  if (request.is('application/json') !== false && request.headers['content-type'] !== undefined) return next();
  throw new ProblemError(415, 'The body must be application/json');
};

const SMALL_JSON: readonly RequestHandler[] = [requireJson, express.json({ limit: MAX_BODY })];

function refuseMethod(allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', allowed.join(', '));
    throw new ProblemError(405, `${request.method} is not allowed here; use ${allowed.join(' or ')}`);
  };
}

function measure({ metrics }: ApiDependencies, known: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const end = metrics.seconds.startTimer();
    response.once('close', () => {
      const named: unknown = response.locals.route;
      const route = typeof named === 'string' ? named : known.has(request.path) ? request.path : 'other';
      end({ route });
      const method = /^(GET|HEAD|POST|PUT)$/.test(request.method) ? request.method : 'other';
      metrics.requests.inc({ method, route, status: String(response.statusCode) });
    });
    next();
  };
}

/** Faults that express' body reader reports, by its own names for them. */
const BODY_FAULTS: Readonly<Record<string, readonly [number, string]>> = {
  'entity.parse.failed': [400, 'The body is not valid JSON'],
  'encoding.unsupported': [415, 'The content encoding is not supported'],
  'charset.unsupported': [415, 'The character set is not supported; use UTF-8'],
  'request.aborted': [400, 'The body ended too early'],
  'request.size.invalid': [400, 'The body is not as long as it says'],
};

function answerError({ logger }: ApiDependencies): ErrorRequestHandler {
  return (error, request, response, _next) => {
    if (error instanceof ProblemError) return sendProblem(response, error);
    const { type, limit } = error as { type?: unknown; limit?: unknown };
    const fault = BODY_FAULTS[String(type)];
    if (fault !== undefined) return sendProblem(response, new ProblemError(...fault));
    if (type === 'entity.too.large')
      return sendProblem(
        response,
        new ProblemError(413, `The body is larger than the ${limit} bytes that are taken here`),
      );
    const status = Number((error as { status?: unknown }).status);
    if (status >= 400 && status < 500)
      return sendProblem(response, new ProblemError(status, 'The request cannot be read'));
    const away = storeProblem(error);
    if (away !== undefined) {
      logger.warn({ path: pathOf(request), err: error }, 'the store does not answer a request');
      if (away.status === 503) response.setHeader('Retry-After', String(STORE_RETRY_SECONDS));
      return sendProblem(response, away);
    }
    logger.error({ path: pathOf(request), err: error }, 'request failed');
    sendProblem(response, new ProblemError(500, 'The request failed; the log says why'));
  };
}

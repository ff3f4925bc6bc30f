import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { CodedError } from '../../shared/errors/catalogue.ts';
import { answerOperations, pathOf, type Readiness } from '../../shared/runtime/http-server.ts';
import { EXTENDER_ERRORS, extenderError } from '../errors.ts';
import { activityExportRoute } from './activity-export.ts';
import { requireToken } from './auth.ts';
import { guardBrowsers } from './browser-guard.ts';
import { budgetsRoute } from './budgets.ts';
import { co2IntensitiesRoute } from './co2-intensities.ts';
import { co2PerContainerOperation, co2PerContainerRoute, co2RangeOperation } from './co2-per-container.ts';
import { containersRoute } from './containers.ts';
import { serveDashboard } from './dashboard/files.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import { emissionsRoutes } from './emissions/emissions.ts';
import { exportTimeSeriesRoute } from './export-time-series.ts';
import { healthRoute, statusRoute } from './health.ts';
import { nodePowerRoute } from './node-power.ts';
import { OPERATIONS } from './openapi/operations.ts';
import { descriptionRoutes } from './openapi/routes.ts';
import { powerConsumptionRoute } from './power-consumption.ts';
import { sendProblem } from './problem.ts';
import { limitRate } from './rate-limit.ts';
import { readingsRoutes } from './readings-routes.ts';
import { recordedJobsRoute } from './recorded-jobs.ts';
import type { ApiDependencies, Route } from './route.ts';
import { savingsRoute } from './savings.ts';
import { servicesRoute } from './services.ts';
import { statementRoute } from './statement.ts';
import { STORE_RETRY_SECONDS, storeProblem } from './store-problem.ts';
import { exportsWithin, limitConcurrency } from './stream-slots.ts';
import { saveWorkloadsRoute, workloadsRoute } from './workloads.ts';

const MAX_BODY = '1mb';
/** As API_HEAP_MB is by default. */
const DEFAULT_HEAP_MB = 512;
const PROCESS_PATHS = ['/healthz', '/readyz', '/metrics'];

/** Every resource of the API. */
export function routes(deps: ApiDependencies): Route[] {
  return [
    containersRoute(deps),
    powerConsumptionRoute(deps),
    nodePowerRoute(deps),
    co2PerContainerRoute(deps, co2PerContainerOperation),
    co2PerContainerRoute(deps, co2RangeOperation),
    co2IntensitiesRoute(deps),
    savingsRoute(deps),
    ...emissionsRoutes(deps),
    exportTimeSeriesRoute(deps),
    activityExportRoute(deps),
    statementRoute(deps),
    saveWorkloadsRoute(deps),
    workloadsRoute(deps),
    servicesRoute(deps),
    budgetsRoute(deps),
    healthRoute(deps),
    statusRoute(deps),
    ...readingsRoutes(deps),
    ...dashboardRoutes(deps),
    recordedJobsRoute(deps),
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
  app.use(guardBrowsers(deps.browsers ?? { allowedHosts: [], corsOrigins: [] }));
  app.use(async (request, response, next) => {
    if (!(await answerOperations(request, response, deps.metrics.registry, () => READY))) next();
  });
  app.use(serveDashboard());
  if (deps.requestsPerSecond) app.use(limitRate(deps.requestsPerSecond, open, deps.clock));
  if (deps.token !== undefined) app.use(requireToken(deps.token, open));
  const exporting = limitConcurrency(exportsWithin(deps.heapMb ?? DEFAULT_HEAP_MB));
  for (const path of new Set(all.map(({ operation }) => operation.path))) addPath(app, path, all, exporting);
  for (const path of PROCESS_PATHS) app.all(path, refuseMethod(['GET', 'HEAD']));
  app.use((request) => {
    throw extenderError('PATH_UNKNOWN', { path: pathOf(request) });
  });
  app.use(handleError(deps));
  return app;
}

// The API serves whatever the store has, also nothing: once it listens it is ready.
const READY: Readiness = { ready: true };

function addPath(app: Express, path: string, all: readonly Route[], exporting: RequestHandler): void {
  const here = all.filter(({ operation }) => operation.path === path);
  const named: RequestHandler = (_request, response, next) => {
    response.locals.route = path;
    next();
  };
  for (const { operation, handle, readBody = SMALL_JSON } of here) {
    const { method } = operation;
    const before = operation.isExport ? [named, exporting] : [named];
    if (method === 'GET') app.get(path, ...before, (request, response) => handle(request, response));
    else
      app[method === 'PUT' ? 'put' : 'post'](path, ...before, ...readBody, (request, response) =>
        handle(request, response),
      );
  }
  const methods = here.flatMap(({ operation: { method } }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  app.all(path, named, refuseMethod(methods));
}

const requireJson: RequestHandler = (request, _response, next) => {
  if (request.is('application/json') !== false && request.headers['content-type'] !== undefined) return next();
  throw extenderError('MEDIA_TYPE_UNSUPPORTED', { types: 'application/json' });
};

const SMALL_JSON: readonly RequestHandler[] = [requireJson, express.json({ limit: MAX_BODY })];

function refuseMethod(allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', allowed.join(', '));
    throw extenderError('METHOD_NOT_ALLOWED', { method: request.method, allowed: allowed.join(' or ') });
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

/** Errors of express' body reader, by its own names for them. */
const BODY_ERRORS: Readonly<Record<string, CodedError>> = {
  'entity.parse.failed': extenderError('BODY_NOT_JSON', {}),
  'encoding.unsupported': extenderError('ENCODING_UNSUPPORTED', {}),
  'charset.unsupported': extenderError('ENCODING_UNSUPPORTED', {}),
  'request.aborted': extenderError('BODY_INCOMPLETE', {}),
  'request.size.invalid': extenderError('BODY_INCOMPLETE', {}),
};

function handleError({ logger }: ApiDependencies): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const refused = refusal(error);
    if (refused !== undefined) return sendProblem(response, refused);
    const path = pathOf(request);
    const unavailable = storeProblem(error);
    if (unavailable === undefined) {
      logger.error({ code: 'INTERNAL_ERROR', path, err: error }, EXTENDER_ERRORS.INTERNAL_ERROR.message);
      return sendProblem(response, extenderError('INTERNAL_ERROR', {}));
    }
    logger.warn({ code: unavailable.code, path, err: error }, 'the store could not serve a request');
    if (unavailable.status === 503) response.setHeader('Retry-After', String(STORE_RETRY_SECONDS));
    sendProblem(response, unavailable);
  };
}

/** What the client did wrong; undefined where it did nothing wrong. */
function refusal(error: unknown): CodedError | undefined {
  if (error instanceof CodedError && error.status !== undefined) return error;
  const { type, limit, status } = error as { type?: unknown; limit?: unknown; status?: unknown };
  const known = BODY_ERRORS[String(type)];
  if (known !== undefined) return known;
  if (type === 'entity.too.large') return extenderError('BODY_TOO_LARGE', { limit: Number(limit) });
  return Number(status) >= 400 && Number(status) < 500 ? extenderError('REQUEST_UNREADABLE', {}) : undefined;
}

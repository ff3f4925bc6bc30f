import { z } from 'zod';
import type { Operation } from './operation.ts';

const descriptionResponse = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
  components: z.looseObject({}),
});

/** `GET /openapi.json`: the API's description for programs. */
export const openApiOperation: Operation = {
  method: 'GET',
  path: '/openapi.json',
  tag: 'description',
  summary: 'This description as OpenAPI 3.1',
  response: { description: 'OpenAPI 3.1', schema: descriptionResponse },
};

/** `GET /docs`: the same for people. */
export const docsOperation: Operation = {
  method: 'GET',
  path: '/docs',
  tag: 'description',
  summary: 'This description as a page',
  response: { description: 'A page without scripts', schema: z.string(), types: ['text/html'] },
};

/** `GET /healthz` of every process. */
export const healthzOperation: Operation = {
  method: 'GET',
  path: '/healthz',
  open: true,
  tag: 'health',
  summary: 'Liveness of the process',
  response: { description: 'The process is alive', schema: z.strictObject({ status: z.literal('ok') }) },
};

/** `GET /readyz` of every process. */
export const readyzOperation: Operation = {
  method: 'GET',
  path: '/readyz',
  open: true,
  tag: 'health',
  summary: 'Readiness of the process',
  response: { description: 'The process takes requests', schema: z.strictObject({ status: z.literal('ready') }) },
};

/** `GET /metrics` of the API. */
export const metricsOperation: Operation = {
  method: 'GET',
  path: '/metrics',
  open: true,
  tag: 'health',
  summary: 'Metrics of the API',
  response: { description: 'Prometheus text format', schema: z.string(), types: ['text/plain'] },
};

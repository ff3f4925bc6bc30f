import { z } from 'zod';
import type { Route } from '../route.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import type { Operation } from './operation.ts';
import { descriptionPage, PAGE_POLICY } from './page.ts';

const descriptionAnswer = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
  components: z.looseObject({}),
});

const aliveAnswer = z.strictObject({ status: z.literal('ok') });
const readyAnswer = z.strictObject({ status: z.literal('ready') });

/** `GET /openapi.json` and `GET /docs`: what the API is, for programs and for people. `all` tells every route. */
export function descriptionRoutes(all: () => readonly Route[]): Route[] {
  let made: OpenApiDocument | undefined;
  const document = () => {
    made ??= openApiDocument(all());
    return made;
  };
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      operation: {
        tag: 'description',
        summary: 'This description, for programs',
        answer: { description: 'OpenAPI 3.1', schema: descriptionAnswer },
      },
      async handle(_request, response) {
        response.json(document());
      },
    },
    {
      method: 'GET',
      path: '/docs',
      operation: {
        tag: 'description',
        summary: 'This description, for people',
        answer: { description: 'A page without scripts', schema: z.string(), types: ['text/html'] },
      },
      async handle(_request, response) {
        response.setHeader('Content-Security-Policy', PAGE_POLICY);
        response.setHeader('X-Content-Type-Options', 'nosniff');
        response.type('text/html; charset=utf-8').send(descriptionPage(document()));
      },
    },
  ];
}

/** What every process of the project answers beside its own resources, for the description only: never called as routes. */
export function operationsRoutes(): Route[] {
  const handle = () => Promise.reject(new Error('told of, never called'));
  const told = (path: string, operation: Pick<Operation, 'summary' | 'answer'>): Route => ({
    ...{ method: 'GET', path, open: true, handle },
    operation: { tag: 'health', ...operation },
  });
  return [
    told('/healthz', { summary: 'Whether the process lives', answer: { description: 'It does', schema: aliveAnswer } }),
    told('/readyz', { summary: 'Whether it takes requests', answer: { description: 'It does', schema: readyAnswer } }),
    told('/metrics', {
      summary: 'Metrics of the API',
      answer: { description: 'Prometheus text', schema: z.string(), types: ['text/plain'] },
    }),
  ];
}

import { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Operation } from './operation.ts';
import { problemResponse } from './responses.ts';

/** A description in the form of OpenAPI 3.1, as far as the page and the tests read it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: object;
}

/** One method of one path in the description. */
export interface DescribedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** A query, path or header parameter in the description. */
export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

const PROBLEM: Content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** Describes operations in OpenAPI 3.1, from the schemas that their routes check requests with. */
export function openApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const paths: Record<string, Record<string, DescribedOperation>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'carbon-extender',
      version: packageJson.version,
      description:
        'Energy and emissions of containers. Times are ISO 8601 in UTC, energy is joules or kWh, emissions are gCO2eq. What is not known is null, never 0.',
    },
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemResponse, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'API_TOKEN, where it is set' } },
    },
  };
}

function described(operation: Operation): DescribedOperation {
  const { method, path, open } = operation;
  const operationId = `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`;
  const security = open ? [] : [{}, { token: [] }];
  const { bodyTypes = ['application/json'] } = operation;
  const parameters = [
    ...parametersOf(operation.params, 'path'),
    ...parametersOf(operation.query, 'query'),
    ...parametersOf(operation.headers, 'header'),
  ];
  return {
    operationId,
    summary: operation.summary,
    ...(operation.description !== undefined && { description: operation.description }),
    tags: [operation.tag],
    security,
    ...(parameters.length > 0 && { parameters }),
    ...(operation.body && {
      requestBody: { required: true as const, content: content(bodyTypes, operation.body, 'input') },
    }),
    responses: responsesOf(operation, open === true),
  };
}

function responsesOf(operation: Operation, open: boolean): DescribedOperation['responses'] {
  const { response, further = {}, errors = {}, body, query, params } = operation;
  const problems: Record<string, string> = {
    ...((body || query || params) && { 400: 'The request is not valid; errors lists every issue' }),
    ...((body || query) && {
      409: 'The parts of the request conflict with each other, the current time or recorded data',
    }),
    ...(!open && {
      401: 'A bearer token is missing or wrong',
      429: 'This address sent too many requests; see Retry-After',
    }),
    ...(query && { 431: 'The address and headers are longer than 16 KiB' }),
    ...(body && { 413: 'The body is too large', 415: 'The media type of the body is not supported' }),
    ...errors,
    500: 'The request failed; the log has the reason',
    ...(!open && { 503: 'The store is not available; see Retry-After' }),
  };
  const failures = Object.entries(problems).map(([status, description]) => [status, { description, content: PROBLEM }]);
  const described = Object.entries({ [response.status ?? 200]: response, ...further }).map(
    ([status, { description, schema, types = ['application/json'] }]) => [
      status,
      { description, content: content(types, schema, 'output') },
    ],
  );
  // A status of both kinds is described by its own schema.
  return Object.fromEntries([...failures, ...described]);
}

function content(types: readonly string[], schema: z.ZodType, io: 'input' | 'output'): Content {
  const text: JsonSchema = { type: 'string' };
  return Object.fromEntries(
    types.map((type) => [type, { schema: /[/+]json$/.test(type) ? jsonSchema(schema, io) : text }]),
  );
}

function parametersOf(schema: z.ZodObject | undefined, where: Parameter['in']): Parameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
}

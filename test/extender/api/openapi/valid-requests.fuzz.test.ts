// Flow: requests that the API's description allows, and a running API that refuses none of them and fails at none.
// API_FUZZ_CALLS sets how many are sent (npm run fuzz:api: 10,000).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonSchema, OpenApiDocument } from '../../../../extender/api/openapi/document.ts';
import { filledApi } from './filled-api.ts';
import { knownRequest } from './known-requests.ts';
import { type ValidRequest, validOf, validRequests } from './valid-arbitrary.ts';

const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8'),
) as OpenApiDocument;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
);
const CALLS = Number(process.env.API_FUZZ_CALLS ?? 1_500);
const RUNS = Math.ceil(CALLS / operations.length);
const HANG_MS = 10_000;

let api: Awaited<ReturnType<typeof filledApi>>;
let calls = 0;

beforeAll(async () => {
  api = await filledApi();
});

afterAll(() => api[Symbol.asyncDispose]());

describe('a request that the description allows', () => {
  it.each(operations)('to %s %s is not refused', { timeout: 600_000 }, async (method, path, operation) => {
    const errorsBefore = api.log.at('error').length;
    const send = async (request: ValidRequest) => {
      const { status, problem } = await answer(method, request);
      calls += 1;

      // 404: an unknown site. 409: parts that contradict each other, which no schema can say.
      if (![404, 409].includes(status)) expect(status, problem).toBeLessThan(300);
      expect(Object.keys(operation.responses)).toContain(String(status));
    };

    await fc.assert(fc.asyncProperty(validRequests(path, operation), send), { numRuns: RUNS, endOnFailure: true });

    const known = await answer(method, knownRequest(method, path));
    expect(known.status, known.problem).toBeLessThan(300);
    expect(api.log.at('error').slice(errorsBefore)).toEqual([]);
  });

  it('was made as often as was to be', () => {
    expect(calls).toBeGreaterThanOrEqual(CALLS);
  });
});

describe('the generator of requests', () => {
  it('makes bodies that the schemas of the description allow', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const bodies = operations.flatMap(([, , { requestBody }]): readonly JsonSchema[] => {
      const schema = requestBody?.content['application/json']?.schema;
      return schema === undefined ? [] : [schema];
    });
    expect(bodies.length).toBeGreaterThan(3);
    for (const schema of bodies) {
      const isValid = ajv.compile(schema);
      fc.assert(
        fc.property(validOf(schema), (body) => {
          expect(isValid(body), JSON.stringify([body, isValid.errors])).toBe(true);
        }),
      );
    }
  });
});

async function answer(method: string, { path, headers, body }: ValidRequest) {
  const signal = AbortSignal.timeout(HANG_MS);
  const response = await fetch(`${api.url}${path}`, { method, headers, signal, ...(body !== undefined && { body }) });
  // A stream of events never ends: that it began is its response.
  const isEndless = response.headers.get('content-type')?.startsWith('text/event-stream');
  const text = isEndless ? ((await response.body?.cancel()) ?? '') : await response.text();
  return { status: response.status, problem: `${path}\n${body}\n${text.slice(0, 2_000)}` };
}

// Flow: requests that the API's description allows, and a running API that refuses none of them and fails at none.
// API_FUZZ_CALLS sets how many are sent (npm run fuzz:api: 10,000).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonSchema, OpenApiDocument } from '../../../../extender/api/openapi/document.ts';
import { postgresAvailable, startPostgres } from '../../../servers/postgres.ts';
import { timescaleRecording } from '../../../shared/store/opened-parts.ts';
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
/** Stores that the API is over, and the part of the requests that each gets. */
const STORES = [
  { store: 'the embedded store', here: true, runs: RUNS, open: async () => undefined },
  {
    ...{ store: 'PostgreSQL', here: postgresAvailable(), runs: Math.ceil(RUNS / 5) },
    open: async (stack: AsyncDisposableStack) => timescaleRecording(await stack.use(await startPostgres()).database()),
  },
];

let calls = 0;

describe.each(STORES)('a request that the description allows, over $store', ({ here, runs, open }) => {
  const stack = new AsyncDisposableStack();
  let api: Awaited<ReturnType<typeof filledApi>>;
  beforeAll(async () => {
    if (here) api = stack.use(await filledApi(await open(stack)));
  });
  afterAll(() => stack.disposeAsync());

  it.skipIf(!here).each(operations)(
    'to %s %s is not refused',
    { timeout: 600_000 },
    async (method, path, operation) => {
      const errorsBefore = api.log.at('error').length;
      const send = async (request: ValidRequest) => {
        const { status, problem } = await answer(api.url, method, request);
        calls += 1;

        // 404: an unknown site. 409: parts that contradict each other, which no schema can say.
        if (![404, 409].includes(status)) expect(status, problem).toBeLessThan(300);
        expect(Object.keys(operation.responses)).toContain(String(status));
      };

      await fc.assert(fc.asyncProperty(validRequests(path, operation), send), { numRuns: runs, endOnFailure: true });

      const known = await answer(api.url, method, knownRequest(method, path));
      expect(known.status, known.problem).toBeLessThan(300);
      expect(api.log.at('error').slice(errorsBefore)).toEqual([]);
    },
  );
});

it('makes as many requests as were to be made', () => {
  expect(calls).toBeGreaterThanOrEqual(CALLS);
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

async function answer(url: string, method: string, { path, headers, body }: ValidRequest) {
  const signal = AbortSignal.timeout(HANG_MS);
  const response = await fetch(`${url}${path}`, { method, headers, signal, ...(body !== undefined && { body }) });
  // A stream of events never ends: that it began is its response.
  const isEndless = response.headers.get('content-type')?.startsWith('text/event-stream');
  const text = isEndless ? ((await response.body?.cancel()) ?? '') : await response.text();
  return { status: response.status, problem: `${path}\n${body}\n${text.slice(0, 2_000)}` };
}

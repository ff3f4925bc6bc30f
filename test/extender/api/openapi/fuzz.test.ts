// Flow: requests made from the OpenAPI document against a running API.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DescribedOperation, OpenApiDocument, Parameter } from '../../../../extender/api/openapi/document.ts';
import { OPERATIONS } from '../../../../extender/api/openapi/operations.ts';
import { problemResponse } from '../../../../extender/api/openapi/responses.ts';
import { arbitraryOf, meantBy } from './arbitrary.ts';
import { filledApi } from './filled-api.ts';
import { knownRequest } from './known-requests.ts';

const RUNS = 120;
/** A request that is not answered by then hangs. */
const HANG_MS = 10_000;

const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8'),
) as OpenApiDocument;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
);
/** What a site is called in a path: most are known, and some are no name at all. */
const sites = fc.oneof(fc.constantFrom('quay-1', 'dock-9'), fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }));

let api: Awaited<ReturnType<typeof filledApi>>;

beforeAll(async () => {
  api = await filledApi();
});

afterAll(() => api[Symbol.asyncDispose]());

describe('whatever is asked', () => {
  it('covers every resource that the API describes', () => {
    expect(operations.length).toBe(OPERATIONS.length);
    expect(operations.filter(([method, , { requestBody }]) => method !== 'GET' && !requestBody)).toEqual([]);
  });

  it.each(operations)(
    'of %s %s, the server answers in time, and says what is wrong',
    async (method, path, operation) => {
      const answerTo = async (target: string, init: RequestInit) => {
        const response = await fetch(api.url + target, { method, ...init, signal: AbortSignal.timeout(HANG_MS) });
        // A stream of events never ends: that it began is its answer.
        const endless = response.headers.get('content-type')?.startsWith('text/event-stream');
        const text = endless ? ((await response.body?.cancel()) ?? '') : await response.text();

        expect(response.status).toBeLessThan(500);
        expect(Object.keys(operation.responses)).toContain(String(response.status));
        if (response.status < 400) expectDescribed(method, path, response, text);
        else expectProblem(response, text);
        return response.status;
      };

      await fc.assert(
        fc.asyncProperty(requestOf(operation), sites, async ({ query, body, type, headers }, site) => {
          await answerTo(`${path.replace('{site_id}', inPath(site))}${query}`, {
            headers: { ...headers, 'content-type': type },
            ...(method !== 'GET' && { body }),
          });
        }),
        { numRuns: RUNS, endOnFailure: true },
      );

      const known = knownRequest(method, path);
      expect(await answerTo(known.path, { headers: known.headers, body: known.body ?? null })).toBeLessThan(400);
      expect(api.log.at('error')).toEqual([]);
    },
  );

  it.each(operations.filter(([, , { parameters }]) => parameters?.some((one) => one.in === 'query')))(
    'of %s %s, every bad parameter is named',
    async (_method, path, { parameters = [] }) => {
      // Names of containers are free text of limited length; everything else has a form of its own.
      const broken = parameters.filter((one) => one.in === 'query').map(({ name }) => [name, 'x'.repeat(300)] as const);
      // Clients of OpenCost send parameters that have no meaning here.
      const unknown = path.startsWith('/allocation') ? [] : ['/colour'];
      const named = path.includes('{site_id}') ? ['/site_id', ...unknown] : unknown;
      await fc.assert(
        fc.asyncProperty(fc.subarray(broken, { minLength: 1 }), async (faults) => {
          const query = new URLSearchParams(Object.fromEntries([...faults, ['colour', 'red']]));

          const { status, body } = await api.get(`${path.replace('{site_id}', '%20')}?${query}`);

          expect(status).toBe(400);
          const found = new Set(body.errors.map(({ pointer }: { pointer: string }) => pointer));
          for (const [name] of faults) expect(found).toContain(`/${name}`);
          for (const pointer of named) expect(found).toContain(pointer);
        }),
        { numRuns: 15 },
      );
    },
  );

  it('of a batch without one good reading, every fault is named with its place', async () => {
    const { status, type, body } = await api.post('/readings', [{ site_id: 'quay-1', power_reading: -1 }, 7]);

    expect([status, type]).toEqual([400, expect.stringMatching(/^application\/problem\+json/)]);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/0/device_id',
      '/0/power_reading',
      '/0/timestamp',
      '/1',
    ]);
    expect(body).toMatchObject({ status: 400, accepted: 0, failed: 2, items: [{ status: 400 }, { status: 400 }] });
  });
});

function expectProblem(response: Response, text: string): void {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problemResponse.parse(JSON.parse(text)).status).toBe(response.status);
}

/** Fails when a good answer in JSON is another than the one that its route describes. */
function expectDescribed(method: string, path: string, response: Response, text: string): void {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return;
  const operation = OPERATIONS.find(
    (known) => known.method === method && known.path === path.replace(/\{(\w+)\}/g, ':$1'),
  );
  const { response: described, further = {} } = operation ?? {};
  const { schema } =
    (described?.status ?? 200) === response.status ? (described ?? {}) : (further[response.status] ?? {});
  expect(schema?.safeParse(JSON.parse(text))).toMatchObject({ success: true });
}

/** A path segment; a lone half of a surrogate pair has no form in an address, and a dot is a step in it. */
function inPath(text: string): string {
  const segment = encodeURIComponent(text.toWellFormed());
  return /^\.{1,2}$/.test(segment) ? `${segment}-` : segment;
}

function requestOf({ parameters = [], requestBody }: DescribedOperation) {
  const types = Object.keys(requestBody?.content ?? { 'application/json': {} });
  const schema = requestBody?.content['application/json']?.schema ?? {};
  const query = given(parameters, 'query').map((pairs) =>
    pairs.length > 0 ? `?${new URLSearchParams(Object.fromEntries(pairs))}` : '',
  );
  const headers = given(parameters, 'header').map((pairs) =>
    Object.fromEntries(pairs.map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, '?')])),
  );
  const value = fc.oneof(meantBy(schema), arbitraryOf(schema)).map((sent) => JSON.stringify(sent));
  const lines = fc.array(value, { maxLength: 4 }).map((sent) => sent.join('\n'));
  return fc.constantFrom(...types).chain((type) =>
    fc.record({
      type: fc.constant(type),
      headers,
      query: fc.oneof(
        query,
        fc.webQueryParameters().map((text) => `?${text}`),
      ),
      body: fc.oneof(
        { weight: 9, arbitrary: type === 'application/json' ? value : lines },
        { weight: 1, arbitrary: fc.string() },
      ),
    }),
  );
}

/** Some of the parameters of a place, as text. */
function given(parameters: readonly Parameter[], where: Parameter['in']): fc.Arbitrary<[name: string, text: string][]> {
  const pairs = parameters
    .filter((parameter) => parameter.in === where)
    .map(({ name, schema }) =>
      fc.option(
        arbitraryOf(schema).map((value): [string, string] => [
          name,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
        { freq: 2, nil: undefined },
      ),
    );
  return fc.tuple(...pairs).map((found) => found.filter((pair) => pair !== undefined));
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DescribedOperation, JsonSchema, OpenApiDocument } from '../../../../extender/api/openapi/document.ts';
import { start, web } from '../start-api.ts';
import { arbitraryOf } from './arbitrary.ts';

const RUNS = 120;
/** A request that is not answered by then hangs. */
const HANG_MS = 10_000;

const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8'),
) as OpenApiDocument;
// Meter readings have a store of their own, which this server is not given.
const operations = Object.entries(document.paths)
  .filter(([path]) => !/^.(readings|sites)/.test(path))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
  );

let api: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  api = await start();
  await api.hour(-2, [web, 3_600]);
  await api.hour(-1, [web, 3_600], [{ ...web, pod: 'job-0', node: '' }, 60]);
  await api.store.compact(Date.parse('2026-01-01T11:00:00Z'));
  await api.intensity('DE', -1, 300);
});

afterAll(() => api[Symbol.asyncDispose]());

describe('whatever is asked', () => {
  it.each(operations)(
    'of %s %s, the server answers in time, and says what is wrong',
    async (method, path, operation) => {
      const property = fc.asyncProperty(requestOf(operation), async ({ query, body }) => {
        const response = await fetch(`${api.url}${path}${query}`, {
          method,
          ...(method !== 'GET' && { body, headers: { 'content-type': 'application/json' } }),
          signal: AbortSignal.timeout(HANG_MS),
        });
        const text = await response.text();

        expect(response.status).toBeLessThan(500);
        // Resources that do not describe themselves yet have no list of their answers.
        if (operation.tags) expect(Object.keys(operation.responses)).toContain(String(response.status));
        if (response.status < 400) return;
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        const problem = JSON.parse(text);
        expect(problem).toMatchObject({
          status: response.status,
          title: expect.any(String),
          detail: expect.any(String),
        });
      });

      await fc.assert(property, { numRuns: RUNS, endOnFailure: true });

      expect(api.log.at('error')).toEqual([]);
    },
  );

  it.each(operations.filter(([, , { parameters }]) => parameters))(
    'of %s %s, every bad parameter is named',
    async (_method, path, { parameters = [] }) => {
      // Names of containers are free text of limited length; everything else has a form of its own.
      const broken = parameters.map(({ name }) => [name, 'x'.repeat(300)] as const);
      await fc.assert(
        fc.asyncProperty(fc.subarray(broken, { minLength: 1 }), async (faults) => {
          const query = new URLSearchParams(Object.fromEntries([...faults, ['colour', 'red']]));

          const { status, body } = await api.get(`${path}?${query}`);

          expect(status).toBe(400);
          const named = new Set(body.errors.map(({ pointer }: { pointer: string }) => pointer));
          for (const [name] of faults) expect(named).toContain(`/${name}`);
          expect(named).toContain('/colour');
        }),
        { numRuns: 15 },
      );
    },
  );
});

function requestOf({
  parameters = [],
  requestBody,
}: DescribedOperation): fc.Arbitrary<{ query: string; body: string }> {
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema ?? {};
  const values = parameters.map(({ name, schema }) =>
    fc.option(
      arbitraryOf(schema as JsonSchema).map((value) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
      { freq: 1, nil: undefined },
    ),
  );
  const query = fc.tuple(...values).map((pairs) => {
    const given = pairs.filter((pair) => pair !== undefined).map(([name = '', value = '']) => [name, value]);
    return given.length > 0 ? `?${new URLSearchParams(Object.fromEntries(given))}` : '';
  });
  const raw = fc.oneof(
    { weight: 9, arbitrary: arbitraryOf(schema).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string() },
  );
  return fc.record({
    query: fc.oneof(
      query,
      fc.webQueryParameters().map((text) => `?${text}`),
    ),
    body: raw,
  });
}

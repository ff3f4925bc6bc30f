import fc from 'fast-check';
import type { JsonSchema } from '../../../../extender/api/openapi/document.ts';

/** Values that mean something to the API, so that many of the requests get past the first check. */
const WORDS = fc.constantFrom(
  'shop',
  'web-0',
  'app',
  'n1',
  'DE',
  'FR',
  'US-CAL-CISO',
  '24h',
  '7d',
  '1h',
  'today',
  'namespace,pod',
  'label:app',
  'true',
  '5',
  '2026-01',
  '2026-01-01T11:00:00Z',
  '2026-01-01T12:00:00Z',
  '2026-01-01T10:30:00Z,2026-01-01T12:00:00Z',
  'shop/web-0/app/n1/2026-01-01T11:30:00.000Z',
  'quay-1',
  'm-1',
  'q2q-ai',
);

const TIMES = fc.constantFrom(
  '2026-01-01T10:00:00Z',
  '2026-01',
  '2026-01-01T11:00:00Z',
  '2026-01-01T11:45:00Z',
  '2026-01-01T13:00:00+01:00',
);

/** What fields of some names hold in a request that means something, by name. */
export const MEANT: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...{ namespace: fc.constant('shop'), pod: fc.constantFrom('web-0', 'job-0'), container: fc.constant('app') },
  countries: fc.subarray(['DE', 'FR', 'ZZ'], { minLength: 1 }),
  zone: fc.constantFrom('DE', 'FR', null),
  ...{ site_id: fc.constantFrom('quay-1', 'dock-9'), device_id: fc.constantFrom('m-1', 'm-2') },
  ...{ service_name: fc.constant('q2q-ai'), region: fc.constant('DE') },
  ...{ period_start: fc.constant('2026-01-01T11:00:00Z'), period_end: fc.constant('2026-01-01T12:00:00Z') },
  ...{ hour: fc.constant('2026-01-01T11:00:00Z'), request_count: fc.integer({ min: 1, max: 5_000 }) },
};

/** Bodies that a JSON Schema allows and that mean something to the API, so that requests get as far as an answer. */
export function meantBy(schema: JsonSchema, name = ''): fc.Arbitrary<unknown> {
  const meant = MEANT[name];
  if (meant !== undefined) return meant;
  const either = alternativesOf(schema);
  if (either !== undefined) return fc.oneof(...either.map((one) => meantBy(one)));
  if (schema.format === 'date-time' || /_time$/.test(name)) return TIMES;
  if (schema.type === 'integer' || schema.type === 'number') return fc.integer({ min: 1, max: 20 });
  if (schema.type === 'array')
    return fc.array(meantBy((schema.items ?? {}) as JsonSchema), { minLength: 1, maxLength: 4 });
  if (schema.type !== 'object' || schema.properties === undefined) return fitting(schema);
  const properties = Object.entries(schema.properties as Record<string, JsonSchema>);
  const fields = properties.map(([field, property]) => [field, meantBy(property, field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: (schema.required ?? []) as string[] });
}

/** Values that a JSON Schema allows, as far as it is used in the API's description, and now and then others. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const either = alternativesOf(schema);
  if (either !== undefined) return fc.oneof(...either.map((one) => arbitraryOf(one)));
  switch (schema.type) {
    case 'string':
      return fc.oneof(
        ...matching(schema.pattern),
        WORDS,
        fc.string({ maxLength: 30 }),
        fc.string({ unit: 'binary', maxLength: 300 }),
      );
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer(), fc.double());
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(arbitraryOf((schema.items ?? {}) as JsonSchema), { maxLength: 4 });
    case 'object':
      return objectOf(schema);
    default:
      return fc.jsonValue();
  }
}

/** Texts of a short pattern; of long ones WORDS has examples. */
function matching(pattern: unknown): fc.Arbitrary<string>[] {
  const isShort = typeof pattern === 'string' && pattern.length < 40 && !/\(\?[=!<]/.test(pattern);
  return isShort ? [fc.stringMatching(new RegExp(pattern))] : [];
}

/** The schemas that a schema leaves the choice of, undefined where it leaves none; those of an object with the properties and required names of each choice. */
export function alternativesOf(schema: JsonSchema): JsonSchema[] | undefined {
  const either = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  const properties = schema.properties as Record<string, JsonSchema> | undefined;
  if (!Array.isArray(either) || properties === undefined) return either;
  const { anyOf: _anyOf, oneOf: _oneOf, ...common } = schema;
  return either.map((one) => {
    const not = (one.not ?? {}) as JsonSchema;
    const excluded = [not, ...((not.anyOf ?? []) as JsonSchema[])].flatMap(
      ({ required }) => (required ?? []) as string[],
    );
    const kept = Object.entries(properties).filter(([name]) => !excluded.includes(name));
    const required = [...((schema.required ?? []) as string[]), ...((one.required ?? []) as string[])];
    return { ...common, properties: Object.fromEntries(kept), required } as JsonSchema;
  });
}

function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = new Set((schema.required ?? []) as string[]);
  const fields = properties.map(([name, property]) => {
    const value = arbitraryOf(property);
    // One in so many is left out.
    return fc.tuple(fc.constant(name), fc.option(value, { freq: required.has(name) ? 12 : 2, nil: undefined }));
  });
  const stranger = fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.tuple(fc.string({ maxLength: 8 }), fc.jsonValue()) },
  );
  return fc.tuple(fc.tuple(...fields), stranger).map(([known, unknown]) => {
    const given = known.filter(([, value]) => value !== undefined);
    return Object.fromEntries(unknown === undefined ? given : [...given, unknown]);
  });
}

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
  '2026-01-01T11:00:00Z',
  '2026-01-01T12:00:00Z',
  '2026-01-01T10:30:00Z,2026-01-01T12:00:00Z',
  'shop/web-0/app/n1/2026-01-01T11:30:00.000Z',
  'quay-1',
  'm-1',
  'q2q-ai',
);

/** Values that a JSON Schema allows, as far as it is used in the API's description, and now and then others. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(either)) return fc.oneof(...either.map((one: JsonSchema) => arbitraryOf(one)));
  switch (schema.type) {
    case 'string':
      return fc.oneof(WORDS, fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 300 }));
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

function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = new Set((schema.required ?? []) as string[]);
  const fields = properties.map(([name, property]) => {
    const value = arbitraryOf(property);
    // Required fields are left out now and then, and optional ones mostly.
    return fc.tuple(fc.constant(name), fc.option(value, { freq: required.has(name) ? 12 : 1, nil: undefined }));
  });
  const stranger = fc.option(fc.tuple(fc.string({ maxLength: 8 }), fc.jsonValue()), { freq: 1, nil: undefined });
  return fc.tuple(fc.tuple(...fields), stranger).map(([known, unknown]) => {
    const given = known.filter(([, value]) => value !== undefined);
    return Object.fromEntries(unknown === undefined ? given : [...given, unknown]);
  });
}
